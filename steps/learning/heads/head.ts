import { firstNotFinite } from "../../vision/finite.ts";
import type { Activation } from "./activations.ts";
import { openForward } from "./forward.ts";
import { type ModelDescription, readModel } from "./model.ts";
import { normalize } from "./normalization.ts";
import { predictedOf, softmax } from "./scores.ts";

/** A trained head, ready to classify feature rows. */
export interface Head {
  readonly description: ModelDescription;
  /** Class names by label. */
  readonly classes: readonly string[];
  /** rows: count × inputLength float32. Overwritten where the head normalizes them. */
  predict(rows: Float32Array, count: number): Promise<Predictions>;
  close(): Promise<void>;
}

export interface Predictions {
  /** Labels. */
  readonly predicted: Int32Array;
  /** count × classes. */
  readonly probabilities: Float32Array;
  /** The position of the first row whose logits are not finite; its predictions mean nothing. */
  readonly notFinite?: number;
}

/** @throws StepError where the folder is no model. */
export async function openHead(folder: string): Promise<Head> {
  const { description, layers, normalization } = await readModel(folder);
  // The last layer's is the softmax.
  const activations = description.layers.slice(0, -1).map(({ activation }) => activation as Activation);
  const forward = await openForward({ layers, activations });
  const { classes } = description;
  return {
    description,
    classes,
    async predict(rows, count) {
      if (normalization !== undefined) {
        const { inputLength } = description;
        normalize(rows.subarray(0, count * inputLength), inputLength, normalization);
      }
      const { logits } = await forward.run(rows, count);
      const bad = firstNotFinite(logits);
      const predicted = predictedOf(logits, count);
      return {
        predicted,
        probabilities: softmax(logits, count),
        ...(bad === undefined ? {} : { notFinite: Math.floor(bad / classes.length) }),
      };
    },
    close: () => forward.close(),
  };
}
