import { firstNotFinite } from "../../vision/finite.ts";
import type { Activation } from "./activations.ts";
import { type Forward, openForward } from "./forward.ts";
import { type ModelDescription, readModel } from "./model.ts";
import { normalize } from "./normalization.ts";
import { predictedOf, softmax } from "./scores.ts";

/** A trained head, ready to classify feature rows. */
export interface Head {
  readonly description: ModelDescription;
  /** Class names by label. */
  readonly classes: readonly string[];
  /**
   * What it gives for a row does not depend on how many others there are, nor on which.
   *
   * @param rows count × inputLength float32. Overwritten where the head normalizes them.
   */
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
  const { classes, inputLength } = description;
  const logitsOf = inBlocks(forward, inputLength, classes.length);
  return {
    description,
    classes,
    async predict(rows, count) {
      if (normalization !== undefined) {
        normalize(rows.subarray(0, count * inputLength), inputLength, normalization);
      }
      const logits = await logitsOf(rows, count);
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

/**
 * Rows that are computed at a time, never fewer: a runtime chooses by their number
 * in which order it sums, and a row alone would differ in its last bits.
 */
const BLOCK = 32;

function inBlocks(
  forward: Forward,
  inputLength: number,
  classes: number,
): (rows: Float32Array, count: number) => Promise<Float32Array> {
  let filled = new Float32Array(0);
  const whole = (rows: Float32Array): Float32Array => {
    if (rows.length === BLOCK * inputLength) return rows;
    if (filled.length === 0) filled = new Float32Array(BLOCK * inputLength);
    filled.set(rows);
    return filled;
  };
  return async (rows, count) => {
    const all = new Float32Array(count * classes);
    for (let at = 0; at < count; at += BLOCK) {
      const end = Math.min(at + BLOCK, count);
      const block = whole(rows.subarray(at * inputLength, end * inputLength));
      const { logits } = await forward.run(block, BLOCK);
      all.set(logits.subarray(0, (end - at) * classes), at * classes);
    }
    return all;
  };
}
