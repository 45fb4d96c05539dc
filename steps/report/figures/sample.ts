import { permutation, type RandomStream } from "../../compute/random.ts";

/** Which of `count` things are looked at where that is only worth it for `most`: 1 for these, 0 for the others. */
export function sampleOf(count: number, most: number, random: RandomStream): Uint8Array {
  if (count <= most) return new Uint8Array(count).fill(1);
  const chosen = new Uint8Array(count);
  for (const at of permutation(count, random).subarray(0, most)) chosen[at] = 1;
  return chosen;
}
