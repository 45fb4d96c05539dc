import type { Cache } from "./cache/cache.ts";
import type { FoundRun } from "./record/find-run.ts";
import type { RunRecord } from "./record/run-record.ts";

// What commands ask and only steps know: how runtimes and weights are brought into
// FLOW_HOME, what computes here, of what a network is made, what a model says of a
// picture, how a report is shown, and how results are written for other programs. Commands and steps both speak of it.

type Environment = Readonly<Record<string, string | undefined>>;

/** Runtimes and weights that can be brought. */
export interface Setups {
  list(home: string): readonly Setup[];
  /** False where it is there already. @throws StepError, MachineError. */
  bring(name: string, options: BringOptions): Promise<boolean>;
  /** False where it is not there. */
  remove(name: string, home: string): Promise<boolean>;
}

export interface Setup {
  readonly kind: "runtime" | "weights";
  /** As it is written behind `flow setup`: "openvino", "weights resnet50". */
  readonly name: string;
  /** As people call it, a runtime with its version: "OpenVINO 2026.4.1". */
  readonly title: string;
  /** Absent where it is not there. */
  readonly there?: { readonly path: string; readonly bytes: number; readonly gpu?: boolean };
  /** What is fetched. */
  readonly parts: readonly Part[];
  /** The same for NVIDIA GPUs. */
  readonly gpuParts?: readonly Part[];
}

export interface Part {
  readonly name: string;
  readonly bytes: number;
}

export interface BringOptions {
  /** FLOW_HOME. */
  readonly home: string;
  readonly gpu: boolean;
  /** Where it is instead of where it is published: a URL, or an absolute path. For weights. */
  readonly from?: string;
  readonly env: Environment;
  readonly signal: AbortSignal;
  /** How many bytes of a part are there. */
  progress(part: Part, bytes: number): void;
}

export interface Probes {
  findings(home: string, env: Environment): AsyncIterable<Finding>;
}

/** Something about the machine, as people want to know it. */
export interface Finding {
  readonly name: string;
  readonly value: string;
  /** What is wrong. */
  readonly problem?: string;
  /** What mends it, or brings more: a command, or a sentence. */
  readonly way?: string;
  /** Whether a plain run cannot do without. */
  readonly isNeeded: boolean;
}

export interface Networks {
  /** @throws StepError where the network cannot be read, or the weights are another's. */
  summarize(request: NetworkRequest): Promise<NetworkSummary>;
}

export interface NetworkRequest {
  /** A name, or the path of a file or folder. */
  readonly network: string;
  /** A file with weights to be compared with it. */
  readonly weights?: string;
  /** Where relative paths start. */
  readonly folder: string;
  /** Of its pictures, in pixels. Default: the network's own. */
  readonly size?: readonly [height: number, width: number];
}

export interface NetworkSummary {
  readonly name: string;
  readonly size: readonly [height: number, width: number];
  /** `assumed`: the network does not say it, and nobody else did. */
  readonly sizeIs: "given" | "declared" | "assumed";
  readonly layers: readonly LayerSummary[];
  readonly parameters: {
    readonly total: number;
    readonly trainable: number;
    readonly nonTrainable: number;
    /** Whether those of every layer are known. */
    readonly isWhole: boolean;
  };
  /** Of the weights that were given, which belong to it. */
  readonly weights?: {
    readonly file: string;
    /** Layers that have their weights there. */
    readonly layers: number;
    /** Layers above the default cut that have none there. */
    readonly lacking: readonly string[];
  };
}

/** What can be named as a place to cut: a use of a layer, or of a model within the network. */
export interface LayerSummary {
  readonly name: string;
  /** Its class. */
  readonly type: string;
  /** Sizes of what it gives, without the batch; absent where it cannot be told. */
  readonly shape?: readonly number[];
  /** Of a model, those of its layers together; of a second use none, as they are counted. Absent where they are not known. */
  readonly parameters?: number;
  /** Whether the network is cut there unless told otherwise. */
  readonly isDefault: boolean;
  /** Why it cannot be computed, as a sentence. */
  readonly lack?: string;
}

export interface Predictors {
  /**
   * The pictures that words name: files, folders with all pictures in them, globs
   * where a shell has not resolved them. In the order of the words; those of a
   * folder in code-unit order.
   *
   * @throws StepError naming the words that name nothing.
   */
  find(words: readonly string[], options: FindOptions): readonly PictureFile[];
  /** @throws StepError where the model, or what it was trained on pictures with, is not there or not what it was. */
  open(request: PredictorRequest): Promise<OpenModel>;
  /** A line of `predictions.csv`. */
  csvLine(values: readonly (string | number)[]): string;
}

export interface FindOptions {
  /** Where relative paths start. */
  readonly folder: string;
  readonly cache: Cache;
}

export interface PredictorRequest {
  readonly run: FoundRun;
  /** The one that trained the model, where there are several. */
  readonly step?: string;
  readonly cache: Cache;
  /** Project root. */
  readonly root: string;
  /** The folder of all runs. */
  readonly runs: string;
  /** FLOW_HOME. */
  readonly home: string;
  /** What computes the network in place of the runtime that the model was trained with. */
  readonly runtime?: string;
  /** Where, in place of what the pipeline says. */
  readonly device?: string;
  /**
   * `nothing`: pictures may be anybody's. Neither their rows nor what was said of
   * them is kept, and what others kept is not looked up. Default: rows are.
   */
  readonly keep?: "rows" | "nothing";
  /** What a picture may have at most, where the model itself allows more, and what people raise that with. */
  readonly pixels?: { readonly most: number; readonly raisedBy: string };
  /** Says what people should know of what is computed, in a sentence. */
  note(text: string): void;
}

/** A model in a process of its own: a picture that crashes a library ends that process alone. */
export interface Predictor {
  /** Class names by label. */
  readonly classes: readonly string[];
  /** How many pictures are computed at a time. */
  readonly batch: number;
  /** How many batches may be asked for before the first is answered, so that nothing waits. */
  readonly ahead: number;
  /** Answers in order. @throws StepError, MachineError where it is no single picture's fault. */
  predict(pictures: readonly Picture[]): Promise<readonly Prediction[]>;
  /** Ends it when what was computed is kept. */
  close(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

/** A predictor that says whose model it is. */
export interface OpenModel extends Predictor {
  readonly model: ModelIdentity;
}

/** What a model is known by. */
export interface ModelIdentity {
  /** Id of the run that made it. */
  readonly run: string;
  readonly step: string;
  /** Class names by label. */
  readonly classes: readonly string[];
  /** What turns pictures into what it was trained on: a name, or the digest of its files. */
  readonly network: string;
  /** Of the model's artifact. */
  readonly digest: string;
}

export interface PictureFile {
  /** As it was named. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

/** A picture in a file, or one that came otherwise. */
export type Picture = PictureFile | { readonly name: string; readonly bytes: Uint8Array };

export type Prediction =
  | {
      readonly kind: "class";
      /** The picture's. */
      readonly name: string;
      /** Position of the class among `classes`. */
      readonly predicted: number;
      /** By class; float32. */
      readonly probabilities: readonly number[];
      /** Whether its features were computed now: else they were there. */
      readonly isComputed: boolean;
    }
  /** It cannot be read, or computed: why, in a few words. */
  | {
      readonly kind: "bad";
      readonly name: string;
      readonly reason: string;
      /** Whether the process died of it. */
      readonly isDeadly?: boolean;
    };

export interface Exports {
  /** Of models and of features. */
  readonly formats: readonly string[];
  /**
   * Writes what a run has made into an empty folder, as an export step does.
   *
   * @returns the step that made it.
   * @throws StepError where it is not there, or the format cannot hold it.
   */
  write(request: RunExport): Promise<string>;
}

export interface RunExport extends Pick<PredictorRequest, "run" | "step" | "cache" | "root" | "home"> {
  readonly format: string;
  readonly include: "head" | "all";
  /** Empty, absolute. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Rows that are written, and how many there are. */
  progress(done: number, total: number): void;
  /** Says what people should know, in a sentence. */
  note(text: string): void;
}

export interface Pages {
  /** The page of an output as HTML that needs nothing else; `undefined` where an older flow made the output. */
  renderPage(request: PageRequest): Promise<string | undefined>;
}

export interface PageRequest {
  /** Where the output lies. */
  readonly folder: string;
  /** Of the run that it is shown for. */
  readonly record: RunRecord;
  /** The pipeline file as it was run. */
  readonly pipeline: string;
}
