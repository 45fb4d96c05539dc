// What commands ask of the machine and only steps know: how runtimes and weights
// are brought into FLOW_HOME, and what computes here. Commands and steps both speak of it.

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
