import type { RequiredFile } from "../../../engine/step-type.ts";
import type { Preprocessing } from "../preprocessing.ts";
import type { Topology } from "./topology.ts";

/** What a network that is known by name knows of itself. */
export interface NamedNetwork extends Preprocessing {
  /** ImageNet's weights in Keras' .h5 format. */
  readonly weights: RequiredFile;
  /**
   * Its layers, without a classifier.
   *
   * @param size of the pictures, height and width: some networks pad by it. Default: the network's own.
   */
  topology(size?: readonly [height: number, width: number]): Promise<Topology>;
}
