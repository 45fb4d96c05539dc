import type { RunRecord } from "./record/run-record.ts";

// What commands ask and only steps know: how runtimes and weights are brought into
// FLOW_HOME, what computes here, of what a network is made, and how a report is
// shown. Commands and steps both speak of it.

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
