import type { Graph } from "../graph/graph.ts";

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

/** What executes graphs: one of several, which agree. */
export interface Runtime {
  /**
   * @throws StepError where the device or the precision is not to be had, saying what is missing.
   */
  open(graph: Graph, options: RuntimeOptions): Promise<OpenGraph>;
}

/** A graph on a device. */
export interface OpenGraph {
  /** What computes it, for people: "cpu", "webgpu", or with the name of a card. */
  readonly device: string;
  /**
   * pixels: uint8, count × height × width × 3, RGB. Writes count × length of
   * the graph's output, float32, into `into`.
   */
  run(pixels: Uint8Array, count: number, into: Float32Array): Promise<void>;
  close(): Promise<void>;
}
