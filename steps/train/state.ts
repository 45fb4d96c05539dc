import { randomStream } from "../compute/random.ts";
import { type Dense, newDense } from "../learning/heads/dense.ts";

/** All that changes while a head is trained. */
export interface TrainState {
  /** The first layer is inputs × hidden[0]; ReLU between layers, softmax at the end. */
  readonly layers: readonly Dense[];
  /** Momentum, in the shapes of the layers. */
  readonly velocities: readonly Dense[];
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
