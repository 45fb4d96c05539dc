import type { ClaimedItem, Worked, WorkItem } from "./division.ts";
import type { Json, JsonObject } from "./json.ts";
import type { InputToLookAt, KnownInput } from "./known-input.ts";
import type { Facts, ParamMistake } from "./param-mistake.ts";
import type { ReadonlyStore, Store } from "./store.ts";

/**
 * What a kind of step is. The engine knows steps only through this; one folder
 * under steps/ defines one, and steps/registry.ts lists them.
 */
export interface StepType {
  readonly name: string;
  /** Raised whenever the bytes of an output change for the same key. */
  readonly version: number;
  /**
   * Raised when a bit of a store's entries changes; default: `version`. Of its
   * own, so that an output can change while what was computed stays good.
   */
  readonly storeVersion?: number;
  readonly description: string;
  /**
   * JSON Schema of `with`. A property marked `"x-unkeyed": true` affects speed
   * only and stays out of the key; a test must back that claim. One marked
   * `"x-resolved": "auto"` has in `auto` a value that `resolve` puts another in the place of.
   */
  readonly params: JsonObject;
  /** The inputs a step of this type takes; `"any"` where the names are the user's own. */
  readonly inputs: Readonly<Record<string, InputSpec>> | "any";
  /** Output names. They depend on nothing but the parameters. */
  outputs(params: JsonObject): readonly string[];
  /** Loads what `check` needs and most pipelines do not. Awaited before a pipeline is checked that names the type. */
  prepare?(): Promise<void>;
  /** Mistakes no schema can express: parameters that exclude each other or an input. */
  check?(params: JsonObject, inputs: ReadonlySet<string>, facts: Facts): readonly ParamMistake[];
  /** Parameters that mean the same, in the one form that counts: in keys, and in what the step is given. After `check`. */
  normalize?(params: JsonObject): JsonObject;
  /**
   * The parameters with those decided that go by the inputs, called once these are
   * there: what it returns is in the key, in the plan, in the record, and is what
   * the step is given. Pure: it may read small files of the inputs, and goes neither
   * by the machine nor by what is kept. Called by the engine's own process, also
   * where nothing is to run: it reads at once, in milliseconds, and loads nothing
   * native. `outputs` and `requires` go by the parameters as they are written.
   *
   * @throws StepError where the parameters do not fit the inputs: nothing is started then.
   */
  resolve?(params: JsonObject, inputs: Readonly<Record<string, InputToLookAt>>): JsonObject;
  /** Files outside the pipeline that the parameters name, looked for before anything runs. */
  requires?(params: JsonObject, inputs: ReadonlySet<string>): readonly Requirement[];
  /**
   * Whether it runs programs of the user's. Their outputs may hold executable
   * files and empty folders, and what they were given is looked at again
   * afterwards: a program can write where it should only read.
   */
  readonly runsPrograms?: boolean;
  /** Where `${inputs.name}` and `${outputs.name}` may stand in string parameters, and the step puts paths in itself. */
  readonly templates?: Templates;
  /** The text file of an output that `flow run` prints at its end. */
  readonly summary?: { readonly output: string; readonly file: string };
  /** The output of which `flow run` makes a page for people, `report.html` in the run's folder. */
  readonly page?: string;
  /**
   * What there is to do, before a step starts whose inputs are there. Called by
   * the engine's own process: it reads a few files, and loads nothing native.
   */
  outlook?(view: OutlookView): Promise<Outlook | undefined>;
  /** How several workers share the work; absent where one does it all. Loaded when it is asked for. */
  readonly division?: Division;
  /** Does the work. Called in a worker process only; heavy modules are imported inside it. */
  run(ctx: StepContext): Promise<void>;
}

/**
 * How the work of a step is divided among workers, on one machine or many. The
 * items are done first, in any order, anywhere, and leave what they come to in
 * stores; `run` then makes the outputs of it. Nothing depends on them but time:
 * what an item did not do, `run` does.
 */
export interface Division {
  /**
   * Whether there is so much to do that more than one item could come of it.
   * Called by the engine's own process: it reads small files at most, in milliseconds.
   */
  isWorthIt(view: DivisionView): boolean;
  /**
   * The items, cut by the inputs and the stores alone: neither by the machine nor
   * by how many workers there are. Those who take part later get the same ones.
   */
  split(ctx: DivisionContext): Promise<readonly WorkItem[]>;
  /**
   * Does items as they come; each may have been done before, in part or whole. The
   * next may be asked for before one is done, which keeps others from it.
   */
  work(ctx: DivisionContext, items: AsyncIterable<ClaimedItem>): Promise<void>;
}

export interface DivisionView {
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, InputToLookAt>>;
  readonly outlook: Outlook | undefined;
}

/** A step as those see it who do a part of it: it makes no outputs, and so says nothing of them. */
export type DivisionContext = Omit<StepContext, "output" | "leanOnInput" | "worked">;

/** How much of a step's work is to be done. */
export interface Outlook {
  readonly toDo: number;
  readonly total: number;
  /** "images" */
  readonly unit: string;
  /** What is done to them: "to compute". */
  readonly verb: string;
  /** Absent where nothing is known of it. */
  readonly perSecond?: number;
}

/** What an outlook is made from. */
export interface OutlookView {
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, KnownInput>>;
  /** Executions of the type with the same parameters, newest first. */
  readonly earlier: readonly EarlierExecution[];
  openStore(id: string): ReadonlyStore;
}

export interface EarlierExecution {
  /** Digests. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Where its outputs lie, or lay. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, Json>>;
}

export interface InputSpec {
  readonly description: string;
  readonly optional?: boolean;
  /**
   * Which files a step reads of what is named; default: all. These are hashed,
   * in place of everything that lies there. Called before anything runs, so it
   * is quick and never throws: of what it cannot understand it names what it can.
   *
   * @param path absolute, of the file or folder that is named.
   * @returns POSIX paths in that folder, or in the folder of that file; also those that are not there.
   * `undefined` for all that lies there.
   */
  reads?(path: string): readonly string[] | undefined;
}

/** How a step type reads text with references in it. */
export interface Templates {
  /**
   * Whether values of params stay apart from the text around them at a path in
   * `with`: they arrive as `${params.x="…"}`, as `piecesOf` takes them apart.
   */
  keepsValuesApart(path: readonly string[]): boolean;
  /** Variables by which programs know params: those that a text names are put into a parameter that is a map. */
  readonly variables?: { readonly parameter: string; nameOf(param: string): string };
}

/** What a step cannot do without, in FLOW_HOME, shared by projects: there or not, by looking at files alone. */
export type Requirement = RequiredFile | RequiredRuntime;

/**
 * A file that others publish. Its md5 says whether it is the right one, whatever
 * its size; where they publish none the size does, and the md5 that it turns out
 * to have counts as a parameter that affects the result.
 */
export interface RequiredFile extends Brought {
  readonly kind: "file";
  readonly name: string;
  /** Relative to FLOW_HOME, POSIX. */
  readonly path: string;
  readonly bytes: number;
  readonly md5?: string;
  /** Other files that go by the same name, and what is wrong with them: "the file of 2015, for another graph". */
  readonly refused?: readonly { readonly md5: string; readonly why: string }[];
  /** What it is, in a few words: "ResNet-50's ImageNet weights (Keras)". */
  readonly what: string;
  readonly url: string;
  /** How else it is brought, as a sentence: "flow setup weights resnet50 brings it". */
  readonly way?: string;
}

/** Libraries that a command brings. Their version counts as a parameter that affects the result. */
export interface RequiredRuntime extends Brought {
  readonly kind: "runtime";
  readonly name: string;
  readonly version: string;
  /** The folder, relative to FLOW_HOME, POSIX: there whole or not at all. */
  readonly path: string;
  readonly what: string;
  /** How it is brought, as a sentence: "flow setup openvino brings it". */
  readonly way: string;
}

interface Brought {
  /** By which name `Setups` can bring it; absent where they cannot. */
  readonly setup?: string;
}

export interface StepInput {
  /** Absolute path of the file or folder, to be read only. */
  readonly path: string;
  readonly digest: string;
  /** All that was hashed, in code-unit order of the paths: a step opens nothing else. */
  readonly files: readonly InputFile[];
  /** Sentences attached to it upstream, which travel on to what is made from it. */
  readonly notes: readonly string[];
  /** The folder of the files that it only names, absolute; absent where it holds all it is about. */
  readonly origin?: string;
}

/** A file of an input. */
export interface InputFile {
  /** In the folder that is the input, or in the folder of the file that is named; POSIX. */
  readonly path: string;
  /** Absolute path, to be read only. */
  readonly absolute: string;
  /** `sha256:<hex>` of its content. */
  readonly digest: string;
  readonly bytes: number;
}

/** All that a running step sees of the world. */
export interface StepContext {
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, StepInput>>;
  /** The project root: the working directory of `command`. */
  readonly root: string;
  /** FLOW_HOME: what projects of this machine share. */
  readonly home: string;
  /** A folder to fill; it becomes the artifact when the step ends well. */
  output(name: string): string;
  /** The store named by `name` together with the step's type and the version of its stores. */
  store(name: JsonObject): Store;
  openStore(id: string): ReadonlyStore;
  /** Absolute path of a requirement, present and checked. */
  required(name: string): string;
  progress(state: Progress): void;
  metric(metrics: Readonly<Record<string, Json>>): void;
  /** Attaches a sentence to an output, and to all that is made from it. */
  note(output: string, text: string): void;
  /** Declares that the outputs name files of this input by their paths in it, and do not hold them. */
  leanOnInput(name: string): void;
  /** Writes a line to the step's log. */
  log(line: string): void;
  /** Writes what a program printed to the step's log, as it came. */
  print(bytes: Uint8Array): void;
  /** Tells what programs that the step started have taken at most, in bytes: then that is the step's peak. */
  peakMemory(bytes: number): void;
  /** What workers of this execution have done of it before: see `Division`. */
  readonly worked: Worked;
  /** Aborted by the first Ctrl-C: finish or drop the unit in hand, then throw. */
  readonly signal: AbortSignal;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  /** Units that were there before this execution; they count neither for the rate nor the time left. */
  readonly reused?: number;
  /** How it goes, in a line: "epoch 5: loss 0.41, accuracy 0.84". */
  readonly detail?: string;
}

/**
 * A mistake of the user's or a state of the data that the step can name. It is
 * shown as written, without a stack; any other error is a bug of ours.
 */
export class StepError extends Error {
  override readonly name = "StepError";
}

/** The machine's fault, or its network's. Shown as written, without a stack. */
export class MachineError extends Error {
  override readonly name: string = "MachineError";
}

/** What the cache should hold is gone or damaged. */
export class CacheError extends MachineError {
  override readonly name = "CacheError";
}
