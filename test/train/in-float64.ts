import type { Dense } from "../../steps/learning/heads/dense.ts";
import type { Sgd } from "../../steps/train/optimizers/optimizer.ts";

/** What the float64 training is told; activations of the hidden layers are tanh or relu. */
export interface InFloat64 {
  readonly x: Float32Array;
  readonly labels: readonly number[];
  /** The first weights. */
  readonly layers: readonly Pick<Dense, "kernel" | "bias" | "inputs" | "units">[];
  readonly activation: "tanh" | "relu";
  readonly optimizer: Sgd;
  readonly labelSmoothing: number;
  readonly classWeights?: readonly number[];
  /** The rows of each step. */
  readonly batches: readonly (readonly number[])[];
  rateOf(step: number): number;
}

type Matrix = number[][];

interface Layer {
  readonly weights: Matrix;
  readonly speeds: Matrix;
}

/**
 * Minibatch gradient descent as textbooks and Keras have it, in float64 and without
 * a thought of speed. The last row of a layer's weights is its bias.
 *
 * @returns the weights of each layer, its kernel and then its bias, one number after the other.
 */
export function trainInFloat64(how: InFloat64): readonly number[][] {
  const width = how.x.length / how.labels.length;
  const layers = how.layers.map(({ kernel, bias, inputs, units }): Layer => {
    const row = (values: Float32Array, at: number): number[] => [
      ...values.subarray(at * units, (at + 1) * units),
    ];
    const weights = [...Array.from({ length: inputs }, (_, at) => row(kernel, at)), row(bias, 0)];
    return { weights, speeds: weights.map((line) => line.map(() => 0)) };
  });
  for (const [step, batch] of how.batches.entries()) {
    const rate = how.rateOf(step);
    const slopes = layers.map(({ weights }) => weights.map((line) => line.map(() => 0)));
    for (const row of batch) {
      const input = [...how.x.subarray(row * width, (row + 1) * width)];
      addSlopes(layers, slopes, { input, label: how.labels[row] as number, share: 1 / batch.length, how });
    }
    for (const [at, layer] of layers.entries()) move(layer, slopes[at] as Matrix, rate, how.optimizer);
  }
  return layers.map(({ weights }) => weights.flat());
}

interface Example {
  readonly input: readonly number[];
  readonly label: number;
  /** Of the batch. */
  readonly share: number;
  readonly how: InFloat64;
}

/** Backpropagation of one row. */
function addSlopes(
  layers: readonly Layer[],
  slopes: readonly Matrix[],
  { input, label, share, how }: Example,
): void {
  const inputs: number[][] = [[...input, 1]];
  const values = (at: number): number[] => {
    const { weights } = layers[at] as Layer;
    const units = (weights[0] as number[]).length;
    const from = inputs[at] as number[];
    return Array.from({ length: units }, (_, j) =>
      from.reduce((sum, value, i) => sum + value * (weights[i]?.[j] as number), 0),
    );
  };
  for (let at = 0; at < layers.length - 1; at++) {
    const sums = values(at);
    inputs.push([...sums.map((z) => (how.activation === "tanh" ? Math.tanh(z) : Math.max(0, z))), 1]);
  }
  const logits = values(layers.length - 1);
  const top = Math.max(...logits);
  const total = logits.reduce((sum, z) => sum + Math.exp(z - top), 0);
  const weight = share * (how.classWeights?.[label] ?? 1);
  let delta = logits.map((z, j) => {
    const target = (j === label ? 1 - how.labelSmoothing : 0) + how.labelSmoothing / logits.length;
    return weight * (Math.exp(z - top) / total - target);
  });
  for (let at = layers.length - 1; at >= 0; at--) {
    const from = inputs[at] as number[];
    const { weights } = layers[at] as Layer;
    const back = from.map((value, i) => {
      for (const [j, d] of delta.entries()) {
        const line = slopes[at]?.[i] as number[];
        line[j] = (line[j] as number) + value * d;
      }
      const behind = delta.reduce((sum, d, j) => sum + d * (weights[i]?.[j] as number), 0);
      return behind * (how.activation === "tanh" ? 1 - value * value : Number(value > 0));
    });
    delta = back.slice(0, -1);
  }
}

/** Keras' SGD (keras/src/optimizers/sgd.py), weights decayed first. */
function move({ weights, speeds }: Layer, slopes: Matrix, rate: number, optimizer: Sgd): void {
  const { momentum, nesterov, weightDecay } = optimizer;
  for (const [i, line] of weights.entries()) {
    for (const j of line.keys()) {
      const change = -rate * (slopes[i]?.[j] as number);
      const speed = momentum * (speeds[i]?.[j] as number) + change;
      (speeds[i] as number[])[j] = speed;
      line[j] =
        (line[j] as number) * (1 - weightDecay * rate) + (nesterov ? momentum * speed + change : speed);
    }
  }
}
