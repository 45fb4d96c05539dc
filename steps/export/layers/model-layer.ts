import type { JsonObject } from "../../../engine/json.ts";
import type { Shape, Tensor } from "../../vision/graph/graph.ts";

/** One use of one layer, as Keras 3 spells it; what TensorFlow.js spells otherwise, tfjs.ts translates. */
export interface ModelLayer {
  /** Its own: letters, digits, `_` and `-` alone, as all programs take them. */
  readonly name: string;
  readonly className: string;
  /** What Keras does not have as a default. */
  readonly config: JsonObject;
  /** By role, in Keras' order. */
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly inputs: readonly ModelLayer[];
  /** Of what it gives, without the batch. */
  readonly shape: Shape;
  /** Whether whoever goes on training changes it unless they say otherwise. */
  readonly trainable: boolean;
}

/** A model of layers that exist in Keras 3 and in TensorFlow.js, with one input and one output. */
export interface LayersModel {
  /** The input first, each after all it takes from, in the order in which Keras numbers them. */
  readonly layers: readonly ModelLayer[];
  readonly input: ModelLayer;
  readonly output: ModelLayer;
}
