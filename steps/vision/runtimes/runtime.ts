import type { Graph, Shape } from "../graph/graph.ts";

/** Runtimes by the names that pipelines give them. */
export type RuntimeName = "onnxruntime" | "openvino" | "tensorflow";
export type Precision = "float32" | "bf16";
export type Device = "cpu" | "webgpu" | "cuda";

export interface RuntimeOptions {
  /** Of the numbers that are multiplied; what goes in and comes out is the same. */
  readonly precision: Precision;
  readonly device: Device;
  /** Default: the number of cores. */
  readonly threads?: number;
  /** Where the runtime's libraries are, where they are not flow's own. */
  readonly libraries?: string;
}

/** What is executed: a graph of flow's own operators, or a model in ONNX' vocabulary, which not every runtime takes. */
export type Program = { readonly kind: "graph"; readonly graph: Graph } | OnnxProgram;

export interface OnnxProgram {
  readonly kind: "onnx";
  /** Of a model file. */
  readonly bytes: Uint8Array;
  /** Name and shape of the input, without the batch: uint8, height × width × 3. */
  readonly input: string;
  readonly inputShape: Shape;
  /** Name of the output: float32, count × rowLength. */
  readonly output: string;
  readonly rowLength: number;
  /** How many pictures it takes at a time, no more and no less; absent: any. */
  readonly batch?: number;
}

/** What executes programs: one of several, which agree. */
export interface Runtime {
  /**
   * @throws StepError where the device or the precision is not to be had, or
   * the program cannot be executed, saying what is missing.
   */
  open(program: Program, options: RuntimeOptions): Promise<OpenProgram>;
}

/** A program on a device. */
export interface OpenProgram {
  /** What computes it, for people: "cpu", "webgpu", or with the name of a card. */
  readonly device: string;
  /**
   * pixels: uint8, count × height × width × 3, RGB. Writes count × length of
   * the output, float32, into `into`.
   */
  run(pixels: Uint8Array, count: number, into: Float32Array): Promise<void>;
  close(): Promise<void>;
}
