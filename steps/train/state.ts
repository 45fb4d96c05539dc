import type { Memory, Moved } from "../compute/kernel.ts";
import { randomStream } from "../compute/random.ts";
import { type Dense, newDense } from "../learning/heads/dense.ts";

/** All that changes while a head is trained. */
export interface TrainState {
  /** The first layer is inputs × hidden[0], or × classes. */
  readonly layers: readonly Dense[];
  /** Momentum, in the shapes of the layers; none where the optimizer has none. */
  readonly velocities: readonly Dense[];
  /** Means of squared gradients, likewise. */
  readonly squares: readonly Dense[];
}

/** Glorot uniform kernels (Glorot and Bengio, 2010: limit √(6 / (in + out))), zero biases and memory. */
export function initialState(
  sizes: readonly number[],
  seed: number,
  memory: readonly Memory[] = ["velocity"],
): TrainState {
  const shapes = sizes.slice(1).map((units, at) => [sizes[at] as number, units] as const);
  const layers = shapes.map(([inputs, units], at) => {
    const layer = newDense(inputs, units);
    const random = randomStream(seed, `kernel ${at}`);
    const limit = Math.sqrt(6 / (inputs + units));
    for (let i = 0; i < layer.kernel.length; i++) layer.kernel[i] = (2 * random.uniform() - 1) * limit;
    return layer;
  });
  const zeros = (name: Memory): readonly Dense[] =>
    memory.includes(name) ? shapes.map(([inputs, units]) => newDense(inputs, units)) : [];
  return { layers, velocities: zeros("velocity"), squares: zeros("square") };
}

/** The weights of a layer with what the optimizer remembers of them. */
export function arraysOf(state: TrainState, layer: number, array: "kernel" | "bias"): Moved {
  const weights = state.layers[layer]?.[array];
  if (weights === undefined) throw new Error(`there is no layer ${layer}`);
  const [velocity, square] = [state.velocities[layer]?.[array], state.squares[layer]?.[array]];
  return { weights, ...(velocity ? { velocity } : {}), ...(square ? { square } : {}) };
}
