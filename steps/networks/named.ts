import type { Requirement } from "../../engine/step-type.ts";
import { resnet50 } from "./resnet50.ts";
import type { Topology } from "./topology.ts";

/**
 * How pixel values (0 to 255, RGB) are scaled before the first layer, as
 * keras.applications' preprocess_input names its modes, or (value − mean) / std.
 */
export type Scaling =
  | "caffe"
  | "tf"
  | "torch"
  | "none"
  | { readonly mean: number | readonly number[]; readonly std: number | readonly number[] };

/** What a network that is known by name knows of itself. */
export interface NamedNetwork {
  /** Height and width in pixels. */
  readonly size: readonly [height: number, width: number];
  readonly scaling: Scaling;
  /** ImageNet's weights in Keras' .h5 format. */
  readonly weights: Requirement;
  /** Its layers, without a classifier. */
  topology(): Topology;
}

/** Every network that a pipeline can name. */
export const namedNetworks: ReadonlyMap<string, NamedNetwork> = new Map([["resnet50", resnet50]]);
