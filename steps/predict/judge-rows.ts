import { roundToHalf } from "../learning/features/half.ts";
import { firstNotFinite } from "../vision/finite.ts";

/**
 * Rounds rows to what a store keeps of them, in place.
 *
 * @param rows digests × length.
 * @returns what is wrong with those that are no finite numbers, by digest.
 */
export function judgeRows(
  digests: readonly string[],
  rows: Float32Array,
  dtype: "float32" | "float16",
): ReadonlyMap<string, string> {
  const wrong = new Map<string, string>();
  const length = rows.length / digests.length;
  const check = (reason: string): void => {
    for (const [at, digest] of digests.entries()) {
      const row = rows.subarray(at * length, (at + 1) * length);
      if (!wrong.has(digest) && firstNotFinite(row) !== undefined) wrong.set(digest, reason);
    }
  };
  check("the network gives values for it that are not finite");
  if (dtype === "float32") return wrong;
  roundToHalf(rows);
  check("the network gives values for it that are too large for float16");
  return wrong;
}
