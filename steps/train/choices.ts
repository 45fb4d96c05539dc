import type { Activation } from "../learning/heads/activations.ts";
import type { LossChoices } from "../learning/heads/scores.ts";
import type { TrainParams } from "./declaration.ts";

/** What is chosen for what lies above the first products. */
export interface UpperChoices extends LossChoices {
  /** Of every hidden layer. */
  readonly activations: readonly Activation[];
}

export function choicesOf(params: TrainParams): UpperChoices {
  return { activations: byLayer(params.activation, params.hidden), labelSmoothing: 0 };
}

/** One value for all hidden layers, or one each. */
function byLayer<Value>(given: Value | readonly Value[], hidden: readonly number[]): readonly Value[] {
  return Array.isArray(given) ? given : hidden.map(() => given as Value);
}
