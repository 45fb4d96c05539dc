import type { OnnxNetwork } from "../networks/onnx-network.ts";
import type { Preprocessing } from "../preprocessing.ts";

/** What is asked of an ONNX network. */
export interface OnnxOptions extends Preprocessing {
  readonly network: OnnxNetwork;
  /** The name of a tensor, or of several whose rows are joined. */
  readonly layer: string | readonly string[];
  readonly pool: "none" | "average" | "max";
  /** Default: the number of cores. */
  readonly threads?: number;
}
