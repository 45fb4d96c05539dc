import type { RandomStream } from "../compute/random.ts";

/**
 * Inverted dropout, in place (keras.layers.Dropout): what stays is larger by what goes.
 *
 * @param rate of the values that become zero, below 1.
 * @returns by what each value was multiplied.
 */
export function dropOut(values: Float32Array, rate: number, random: RandomStream): Float32Array {
  const factors = new Float32Array(values.length);
  for (let at = 0; at < values.length; at++) {
    factors[at] = random.uniform() < rate ? 0 : 1 / (1 - rate);
    values[at] = (values[at] as number) * (factors[at] as number);
  }
  return factors;
}
