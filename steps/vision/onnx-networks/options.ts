import type { OnnxNetwork } from "../networks/onnx-network.ts";
import type { Preprocessing } from "../preprocessing.ts";
import type { RuntimeName } from "../runtimes/runtime.ts";

/** What is asked of an ONNX network. */
export interface OnnxOptions extends Preprocessing {
  readonly network: OnnxNetwork;
  /** The name of a tensor. */
  readonly layer: string;
  readonly pool: "none" | "average" | "max";
  /** Default: onnxruntime. */
  readonly runtime?: RuntimeName;
  /** Default: the number of cores. */
  readonly threads?: number;
}
