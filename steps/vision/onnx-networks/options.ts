import type { OnnxNetwork } from "../networks/onnx-network.ts";
import type { Preprocessing } from "../preprocessing.ts";

/** What is asked of an ONNX network. */
export interface OnnxOptions extends Preprocessing {
  readonly network: OnnxNetwork;
  /** The name of a tensor. */
  readonly layer: string;
  readonly pool: "none" | "average" | "max";
  /** Default: the number of cores. */
  readonly threads?: number;
}
