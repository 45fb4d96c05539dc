import { createHash } from "node:crypto";
import type { Split } from "../learning/tables/images.ts";

/** The share of each split, in the order in which they lie between 0 and 1. */
export type Shares = readonly (readonly [split: Split, share: number])[];

/**
 * The split of a picture by what it is: its content, or the group it belongs to.
 * A hash is a point between 0 and 1, and the shares cut that line: other pictures
 * move none, and a larger share only adds.
 *
 * @param identity what stays together: a digest, or the name of a group.
 */
export function deal(identity: string, shares: Shares, seed: number): Split {
  const digest = createHash("sha256").update(`${seed}\n${identity}`).digest();
  const point = digest.readUIntBE(0, 6) / 2 ** 48;
  let end = 0;
  for (const [split, share] of shares) {
    end += share;
    if (point < end) return split;
  }
  // Shares add up to 1 but for rounding.
  return (shares.at(-1) as Shares[number])[0];
}
