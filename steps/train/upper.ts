import { backThroughRelu, type Dense, denseGradient } from "../learning/heads/dense.ts";
import { passFrom } from "../learning/heads/forward.ts";
import { areFinite } from "../learning/heads/model.ts";
import { type Score, scoreOf, softmax } from "../learning/heads/scores.ts";
import type { TrainState } from "./state.ts";

/**
 * What lies above the products of rows and the first kernel: the first bias, its
 * activation, all further layers and the loss. It is small, and every way to
 * train has it as it is here.
 */
export interface Upper {
  /**
   * One step of stochastic gradient descent on a batch. Keras' form of momentum:
   * v ← m·v − rate·g, w ← w + v (keras.optimizers.SGD).
   *
   * @param products x · kernel of the first layer: rows × its units. Overwritten.
   * @returns the score before the step, and the gradient of the mean loss at `products`.
   */
  step(products: Float32Array, labels: Int32Array, rows: number, rate: number): UpperStep;
  /** The score of rows that are not trained on. Overwrites `products`. */
  score(products: Float32Array, labels: Int32Array, rows: number): Score;
  /** Whether all that it moves is. */
  isFinite(): boolean;
}

export interface UpperStep extends Score {
  /** rows × units of the first layer. */
  readonly delta: Float32Array;
}

/** Moves the first bias and all further layers of `state` in place; the first kernel is for others to move. */
export function openUpper({ layers, velocities }: TrainState, momentum: number): Upper {
  const [first, ...tail] = layers as [Dense, ...Dense[]];
  return {
    step(products, labels, rows, rate) {
      const { inputs, logits } = passFrom(products, layers, rows);
      const score = scoreOf(logits, labels, rows);
      const deltas = backward(tail, inputs, lossGradient(logits, labels, rows), rows);
      // Gradients first: all of them are taken at the weights before the step.
      const gradients = tail.map((layer, at) =>
        denseGradient(layer, inputs[at] as Float32Array, deltas[at + 1] as Float32Array, rows),
      );
      for (const [at, { kernel, bias }] of gradients.entries()) {
        const [layer, velocity] = [tail[at] as Dense, velocities[at + 1] as Dense];
        move(layer.kernel, velocity.kernel, kernel, rate, momentum);
        move(layer.bias, velocity.bias, bias, rate, momentum);
      }
      const [delta] = deltas as [Float32Array];
      move(first.bias, (velocities[0] as Dense).bias, sumOfRows(delta, first.units), rate, momentum);
      return { ...score, delta };
    },
    score: (products, labels, rows) => scoreOf(passFrom(products, layers, rows).logits, labels, rows),
    isFinite: () => areFinite([{ ...first, kernel: first.bias }, ...tail]),
  };
}

/** Of the mean loss, at the logits: rows × classes. */
function lossGradient(logits: Float32Array, labels: Int32Array, rows: number): Float32Array {
  const classes = logits.length / rows;
  const gradient = softmax(Float32Array.from(logits), rows);
  for (let row = 0; row < rows; row++) {
    const at = row * classes + (labels[row] as number);
    gradient[at] = (gradient[at] as number) - 1;
  }
  for (let at = 0; at < gradient.length; at++) gradient[at] = (gradient[at] as number) / rows;
  return gradient;
}

/** The gradient at the output of every layer, before its activation, the first's first. */
function backward(
  tail: readonly Dense[],
  inputs: readonly Float32Array[],
  top: Float32Array,
  rows: number,
): readonly Float32Array[] {
  const deltas = [top];
  for (const [at, layer] of [...tail.entries()].reverse()) {
    deltas.unshift(backThroughRelu(layer, inputs[at] as Float32Array, deltas[0] as Float32Array, rows));
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

function move(
  weights: Float32Array,
  velocity: Float32Array,
  gradient: Float32Array | Float64Array,
  rate: number,
  momentum: number,
): void {
  for (let at = 0; at < weights.length; at++) {
    velocity[at] = momentum * (velocity[at] as number) - rate * (gradient[at] as number);
    weights[at] = (weights[at] as number) + (velocity[at] as number);
  }
}
