import { randomStream } from "../compute/random.ts";
import { backThroughRelu, type Dense, denseGradient, newDense } from "../learning/heads/dense.ts";
import { type KernelUpdate, openKernelUpdate } from "../learning/heads/first-layer.ts";
import { openForward, type Pass } from "../learning/heads/forward.ts";
import { type Score, scoreOf, softmax } from "../learning/heads/scores.ts";

/** All that changes while a head is trained. */
export interface TrainState {
  /** The first layer is inputs × hidden[0]; ReLU between layers, softmax at the end. */
  readonly layers: readonly Dense[];
  /** Momentum, in the shapes of the layers. */
  readonly velocities: readonly Dense[];
}

export interface Trainer {
  /**
   * One step of stochastic gradient descent on `rows` rows: x is rows × inputs
   * float32, labels are class indices, `rate` the learning rate of this step.
   * The gradient is the mean over the rows. Keras' form of momentum:
   * v ← m·v − rate·g, w ← w + v (keras.optimizers.SGD).
   *
   * @returns the score of the batch before the step.
   */
  step(x: Float32Array, labels: Int32Array, rows: number, rate: number): Promise<Score>;
  /** The score of rows that are not trained on. */
  evaluate(x: Float32Array, labels: Int32Array, rows: number): Promise<Score>;
  close(): Promise<void>;
}

/** Glorot uniform kernels (Glorot and Bengio, 2010: limit √(6 / (in + out))), zero biases and velocities. */
export function initialState(sizes: readonly number[], seed: number): TrainState {
  const shapes = sizes.slice(1).map((units, at) => [sizes[at] as number, units] as const);
  const layers = shapes.map(([inputs, units], at) => {
    const layer = newDense(inputs, units);
    const random = randomStream(seed, `kernel ${at}`);
    const limit = Math.sqrt(6 / (inputs + units));
    for (let i = 0; i < layer.kernel.length; i++) layer.kernel[i] = (2 * random.uniform() - 1) * limit;
    return layer;
  });
  return { layers, velocities: shapes.map(([inputs, units]) => newDense(inputs, units)) };
}

/** A trainer that moves `state` in place. */
export async function openTrainer(state: TrainState, momentum: number): Promise<Trainer> {
  const [first] = state.layers;
  if (first === undefined) throw new Error("a head has at least one layer");
  const forward = await openForward(state.layers);
  const update = await openKernelUpdate(first.inputs, first.units, momentum);
  return {
    async step(x, labels, rows, rate) {
      const pass = await forward.run(x, rows);
      const score = scoreOf(pass.logits, labels, rows);
      const deltas = backward(state.layers, pass, labels, rows);
      await move(state, update, { x, inputs: pass.inputs, deltas, rows, rate, momentum });
      return score;
    },
    async evaluate(x, labels, rows) {
      const { logits } = await forward.run(x, rows);
      return scoreOf(logits, labels, rows);
    },
    async close() {
      await forward.close();
      await update.close();
    },
  };
}

/** The gradient of the mean loss at the output of every layer, before its activation. */
function backward(
  layers: readonly Dense[],
  { inputs, logits }: Pass,
  labels: Int32Array,
  rows: number,
): Float32Array[] {
  const classes = logits.length / rows;
  const top = softmax(Float32Array.from(logits), rows);
  for (let row = 0; row < rows; row++) {
    const at = row * classes + (labels[row] as number);
    top[at] = (top[at] as number) - 1;
  }
  for (let at = 0; at < top.length; at++) top[at] = (top[at] as number) / rows;
  const deltas = [top];
  for (let at = layers.length - 1; at > 0; at--) {
    const x = inputs[at - 1] as Float32Array;
    deltas.unshift(backThroughRelu(layers[at] as Dense, x, deltas[0] as Float32Array, rows));
  }
  return deltas;
}

interface Move {
  readonly x: Float32Array;
  readonly inputs: readonly Float32Array[];
  readonly deltas: readonly Float32Array[];
  readonly rows: number;
  readonly rate: number;
  readonly momentum: number;
}

async function move(
  { layers, velocities }: TrainState,
  update: KernelUpdate,
  { x, inputs, deltas, rows, rate, momentum }: Move,
): Promise<void> {
  // Gradients first: all of them are taken at the weights before the step.
  const gradients = layers.slice(1).map((layer, at) => {
    return denseGradient(layer, inputs[at] as Float32Array, deltas[at + 1] as Float32Array, rows);
  });
  for (const [at, gradient] of gradients.entries()) {
    const layer = layers[at + 1] as Dense;
    const velocity = velocities[at + 1] as Dense;
    moveArray(layer.kernel, velocity.kernel, gradient.kernel, rate, momentum);
    moveArray(layer.bias, velocity.bias, gradient.bias, rate, momentum);
  }
  const first = layers[0] as Dense;
  const velocity = velocities[0] as Dense;
  const delta = (deltas[0] as Float32Array).map((value) => -rate * value);
  const bias = new Float32Array(first.units);
  delta.forEach((value, at) => {
    bias[at % first.units] = (bias[at % first.units] as number) + value;
  });
  await update.apply({ kernel: first.kernel, velocity: velocity.kernel, x, delta, rows });
  // The rate is in the sums already.
  moveArray(first.bias, velocity.bias, bias, -1, momentum);
}

function moveArray(
  weights: Float32Array,
  velocity: Float32Array,
  gradient: Float32Array,
  rate: number,
  momentum: number,
): void {
  for (let at = 0; at < weights.length; at++) {
    velocity[at] = momentum * (velocity[at] as number) - rate * (gradient[at] as number);
    weights[at] = (weights[at] as number) + (velocity[at] as number);
  }
}
