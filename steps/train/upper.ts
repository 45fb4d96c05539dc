import { randomStream } from "../compute/random.ts";
import { type Activation, slopesAt } from "../learning/heads/activations.ts";
import { backThrough, type Dense, denseGradient } from "../learning/heads/dense.ts";
import { passFrom } from "../learning/heads/forward.ts";
import { areFinite } from "../learning/heads/model.ts";
import { lossGradient, type Score, scoreOf } from "../learning/heads/scores.ts";
import { dropOut } from "./dropout.ts";
import type { Training } from "./method.ts";
import { ruleOf } from "./optimizers/rules.ts";

/**
 * What lies above the products of rows and the first kernel: the first bias, its
 * activation, all further layers and the loss. It is small, and every way to
 * train has it as it is here.
 */
export interface Upper {
  /**
   * One step of the optimizer on a batch.
   *
   * @param products x · kernel of the first layer: rows × its units. Overwritten.
   * @param step counted from 0, since training began.
   * @returns the score before the step, and the gradient of the mean loss at `products`.
   */
  step(products: Float32Array, labels: Int32Array, rows: number, rate: number, step: number): UpperStep;
  /** The score of rows that are not trained on, all of one weight. Overwrites `products`. */
  score(products: Float32Array, labels: Int32Array, rows: number): Score;
  /** Whether all that it moves is. */
  isFinite(): boolean;
}

export interface UpperStep extends Score {
  /** rows × units of the first layer. */
  readonly delta: Float32Array;
}

/** Moves the first bias and all further layers of `state` in place; the first kernel is for others to move. */
export function openUpper({
  state,
  optimizer,
  upper,
}: Pick<Training, "state" | "optimizer" | "upper">): Upper {
  const { layers, velocities, squares } = state;
  const [first, ...tail] = layers as [Dense, ...Dense[]];
  const head = { layers, activations: upper.activations };
  const rule = ruleOf(optimizer);
  const { labelSmoothing } = upper;
  return {
    step(products, labels, rows, rate, step) {
      const factors: (Float32Array | undefined)[] = [];
      const pass = passFrom(products, head, rows, (values, layer) => {
        const rate = upper.dropout[layer] ?? 0;
        // A stream of its own for every step: it is the same where training is gone on with.
        const stream = randomStream(upper.seed, `dropout ${layer} ${step}`);
        factors.push(rate === 0 ? undefined : dropOut(values, rate, stream));
      });
      const score = scoreOf(pass.logits, labels, rows, upper);
      const gradient = lossGradient(pass.logits, labels, rows, upper);
      const slopes = pass.sums.map((sums, at) => slopesOf(sums, head.activations[at], factors[at]));
      const deltas = backward(tail, slopes, gradient, rows);
      // Gradients first: all of them are taken at the weights before the step.
      const gradients = tail.map((layer, at) =>
        denseGradient(layer, pass.inputs[at] as Float32Array, deltas[at + 1] as Float32Array, rows),
      );
      const { move } = rule.at(rate, step);
      const moveArray = (layer: number, array: "kernel" | "bias", gradient: Float32Array | Float64Array) => {
        const [weights, velocity, square] = [layers, velocities, squares].map((all) => all[layer]?.[array]);
        move(
          {
            weights: weights as Float32Array,
            ...(velocity === undefined ? {} : { velocity }),
            ...(square === undefined ? {} : { square }),
          },
          gradient,
        );
      };
      for (const [at, { kernel, bias }] of gradients.entries()) {
        moveArray(at + 1, "kernel", kernel);
        moveArray(at + 1, "bias", bias);
      }
      const [delta] = deltas as [Float32Array];
      moveArray(0, "bias", sumOfRows(delta, first.units));
      return { ...score, delta };
    },
    score: (products, labels, rows) =>
      scoreOf(passFrom(products, head, rows).logits, labels, rows, { labelSmoothing }),
    isFinite: () => areFinite([{ ...first, kernel: first.bias }, ...tail]),
  };
}

/** By what a layer's sums count in its output, which dropout may have multiplied by `factors`. */
function slopesOf(
  sums: Float32Array,
  activation: Activation | undefined,
  factors: Float32Array | undefined,
): Float32Array {
  if (activation === undefined) throw new Error("a layer has no activation");
  const slopes = slopesAt(sums, activation);
  if (factors === undefined) return slopes;
  return slopes.map((slope, at) => slope * (factors[at] as number));
}

/** The gradient at the output of every layer, before its activation, the first's first. */
function backward(
  tail: readonly Dense[],
  slopes: readonly Float32Array[],
  top: Float32Array,
  rows: number,
): readonly Float32Array[] {
  const deltas = [top];
  for (const [at, layer] of [...tail.entries()].reverse()) {
    deltas.unshift(backThrough(layer, slopes[at] as Float32Array, deltas[0] as Float32Array, rows));
  }
  return deltas;
}

function sumOfRows(values: Float32Array, width: number): Float64Array {
  const sums = new Float64Array(width);
  for (let at = 0; at < values.length; at += width) {
    for (let j = 0; j < width; j++) sums[j] = (sums[j] as number) + (values[at + j] as number);
  }
  return sums;
}
