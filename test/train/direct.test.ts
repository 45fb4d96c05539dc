import { describe, expect, test } from "vitest";
import { randomStream } from "../../steps/compute/random.ts";
import type { Score } from "../../steps/learning/heads/scores.ts";
import { openDirect } from "../../steps/train/direct.ts";
import { initialState, type TrainState } from "../../steps/train/state.ts";
import { featuresOf, trainingOf } from "./rows.ts";

/** Layers as plain float64 matrices: an implementation of its own, to compare with. */
interface Plain {
  readonly kernels: number[][][];
  readonly biases: number[][];
}

const sizes = [6, 5, 4, 3];
const rows = 7;

describe("a step", () => {
  test("goes down the gradient that finite differences give", async () => {
    const { x, labels, matrix } = data();
    const state = initialState(sizes, 11);
    shake(state);
    const before = plain(state);
    const rate = 2 ** -6;
    const [score] = await train(state, { x, labels, momentum: 0, rates: [rate] });
    const after = plain(state);
    expect((score?.loss ?? 0) / rows).toBeCloseTo(meanLoss(before, matrix, labels), 5);

    const h = 1e-5;
    const compare = (values: number[], at: number, moved: number): void => {
      const value = values[at] as number;
      values[at] = value + h;
      const up = meanLoss(before, matrix, labels);
      values[at] = value - h;
      const down = meanLoss(before, matrix, labels);
      values[at] = value;
      expect((value - moved) / rate).toBeCloseTo((up - down) / (2 * h), 4);
    };
    let checked = 0;
    for (const [layer, kernel] of before.kernels.entries()) {
      for (const [i, row] of kernel.entries()) {
        for (const j of row.keys()) {
          compare(row, j, after.kernels[layer]?.[i]?.[j] as number);
          checked++;
        }
      }
      const biases = before.biases[layer] as number[];
      for (const j of biases.keys()) {
        compare(biases, j, after.biases[layer]?.[j] as number);
        checked++;
      }
    }
    expect(checked).toBe(6 * 5 + 5 + 5 * 4 + 4 + 4 * 3 + 3);
  });

  test("is Keras' SGD with momentum and decay: twelve steps as float64 takes them", async () => {
    const { x, labels, matrix } = data();
    const state = initialState(sizes, 3);
    const reference = plain(state);
    const velocity: Plain = {
      kernels: reference.kernels.map((kernel) => kernel.map((row) => row.map(() => 0))),
      biases: reference.biases.map((bias) => bias.map(() => 0)),
    };
    const rates = Array.from({ length: 12 }, (_, t) => 0.1 / (1 + 0.05 * t));
    const scores = await train(state, { x, labels, momentum: 0.9, rates });
    for (const [t, { loss }] of scores.entries()) {
      expect(loss / rows).toBeCloseTo(meanLoss(reference, matrix, labels), 4);
      plainStep(reference, velocity, matrix, labels, rates[t] as number);
    }
    const after = plain(state);
    for (const [layer, kernel] of reference.kernels.entries()) {
      for (const [i, row] of kernel.entries()) {
        for (const [j, value] of row.entries()) expect(after.kernels[layer]?.[i]?.[j]).toBeCloseTo(value, 4);
      }
    }
    const losses = [meanLoss(plain(initialState(sizes, 3)), matrix, labels), meanLoss(after, matrix, labels)];
    expect(losses[1]).toBeLessThan(losses[0] as number);
  });
});

describe("the first weights", () => {
  test("are Glorot uniform, and another seed gives others", () => {
    const { layers } = initialState([400, 100, 2], 42);
    const kernel = layers[0]?.kernel as Float32Array;
    const limit = Math.sqrt(6 / 500);
    const variance = kernel.reduce((sum, value) => sum + value * value, 0) / kernel.length;
    expect(Math.max(...kernel.map(Math.abs))).toBeLessThanOrEqual(limit);
    expect(variance / (limit ** 2 / 3)).toBeCloseTo(1, 1);
    expect(layers[0]?.bias.every((value) => value === 0)).toBe(true);
    expect(initialState([400, 100, 2], 43).layers[0]?.kernel).not.toEqual(kernel);
    expect(initialState([400, 100, 2], 42).layers[0]?.kernel).toEqual(kernel);
  });
});

interface Steps {
  readonly x: Float32Array;
  readonly labels: Int32Array;
  readonly momentum: number;
  /** Of each step, which takes all rows. */
  readonly rates: readonly number[];
}

async function train(state: TrainState, { x, labels, momentum, rates }: Steps): Promise<Score[]> {
  const method = await openDirect(
    trainingOf({ features: featuresOf({ x, labels }), state, momentum, batchSize: rows }),
  );
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  const scores: Score[] = [];
  for (const [step, rate] of rates.entries()) {
    for await (const score of method.steps(order, () => rate, step)) scores.push(score);
  }
  await method.close();
  return scores;
}

function data(): { x: Float32Array; labels: Int32Array; matrix: number[][] } {
  const random = randomStream(1, "data");
  const x = Float32Array.from({ length: rows * 6 }, () => random.uniform() * 2 - 0.5);
  const labels = Int32Array.from({ length: rows }, () => random.below(3));
  const matrix = Array.from({ length: rows }, (_, row) => [...x.subarray(row * 6, row * 6 + 6)]);
  return { x, labels, matrix };
}

/** Biases that are not zero, so that their part in the forward pass counts. */
function shake({ layers }: TrainState): void {
  const random = randomStream(2, "biases");
  for (const { bias } of layers) for (const at of bias.keys()) bias[at] = random.uniform() - 0.5;
}

function plain({ layers }: TrainState): Plain {
  return {
    kernels: layers.map(({ inputs, units, kernel }) =>
      Array.from({ length: inputs }, (_, i) => [...kernel.subarray(i * units, (i + 1) * units)]),
    ),
    biases: layers.map(({ bias }) => [...bias]),
  };
}

function forward({ kernels, biases }: Plain, x: number[]): number[][] {
  const activations = [x];
  for (const [layer, kernel] of kernels.entries()) {
    const input = activations.at(-1) as number[];
    const sums = (biases[layer] as number[]).map((bias, j) =>
      kernel.reduce((sum, row, i) => sum + (row[j] as number) * (input[i] as number), bias),
    );
    const last = layer === kernels.length - 1;
    activations.push(last ? sums : sums.map((sum) => Math.max(0, sum)));
  }
  return activations;
}

function probabilities(logits: number[]): number[] {
  const exps = logits.map((value) => Math.exp(value));
  const sum = exps.reduce((a, b) => a + b);
  return exps.map((value) => value / sum);
}

function meanLoss(weights: Plain, matrix: number[][], labels: Int32Array): number {
  const losses = matrix.map((x, row) => {
    const logits = forward(weights, x).at(-1) as number[];
    return -Math.log(probabilities(logits)[labels[row] as number] as number);
  });
  return losses.reduce((a, b) => a + b) / losses.length;
}

function plainStep(
  weights: Plain,
  velocity: Plain,
  matrix: number[][],
  labels: Int32Array,
  rate: number,
): void {
  const gradients: Plain = {
    kernels: weights.kernels.map((kernel) => kernel.map((row) => row.map(() => 0))),
    biases: weights.biases.map((bias) => bias.map(() => 0)),
  };
  for (const [row, x] of matrix.entries()) {
    const activations = forward(weights, x);
    let delta = probabilities(activations.at(-1) as number[]).map(
      (p, j) => (p - (j === labels[row] ? 1 : 0)) / matrix.length,
    );
    for (let layer = weights.kernels.length - 1; layer >= 0; layer--) {
      const kernel = weights.kernels[layer] as number[][];
      const input = activations[layer] as number[];
      for (const [j, d] of delta.entries()) {
        (gradients.biases[layer] as number[])[j] = ((gradients.biases[layer] as number[])[j] as number) + d;
        for (const [i, value] of input.entries()) {
          const gradient = (gradients.kernels[layer] as number[][])[i] as number[];
          gradient[j] = (gradient[j] as number) + value * d;
        }
      }
      const above = delta;
      delta = kernel.map((weightsOfInput, i) =>
        (input[i] as number) > 0
          ? weightsOfInput.reduce((sum, w, j) => sum + w * (above[j] as number), 0)
          : 0,
      );
    }
  }
  const move = (values: number[], speed: number[], gradient: number[]): void => {
    for (const at of values.keys()) {
      speed[at] = 0.9 * (speed[at] as number) - rate * (gradient[at] as number);
      values[at] = (values[at] as number) + (speed[at] as number);
    }
  };
  for (const layer of weights.kernels.keys()) {
    for (const i of (weights.kernels[layer] as number[][]).keys()) {
      move(
        weights.kernels[layer]?.[i] as number[],
        velocity.kernels[layer]?.[i] as number[],
        gradients.kernels[layer]?.[i] as number[],
      );
    }
    move(
      weights.biases[layer] as number[],
      velocity.biases[layer] as number[],
      gradients.biases[layer] as number[],
    );
  }
}
