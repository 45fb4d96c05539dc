/**
 * Pictures in the order of a score, from the highest on, as what is counted above
 * each of its distinct values. Both curves of a class come from it.
 */
export interface Ranking {
  /** Distinct scores, falling. */
  readonly thresholds: Float64Array;
  /** Of the class, with a score at or above each threshold. */
  readonly truePositives: Float64Array;
  /** Not of the class, with a score at or above each threshold. */
  readonly falsePositives: Float64Array;
}

/**
 * @param scores not negative, float32 values: their order is sorted as whole numbers.
 * @param isPositive 1 where a picture is of the class.
 */
export function rank(scores: ArrayLike<number>, isPositive: ArrayLike<number>): Ranking {
  const keys = sortedKeys(scores, isPositive);
  const thresholds: number[] = [];
  const truePositives: number[] = [];
  const falsePositives: number[] = [];
  let hits = 0;
  for (let at = keys.length - 1; at >= 0; at--) {
    const key = keys[at] as number;
    hits += key % 2;
    const bits = Math.floor(key / 2);
    // Equal scores count together: no order among them is better than another.
    if (at > 0 && Math.floor((keys[at - 1] as number) / 2) === bits) continue;
    thresholds.push(floatOf(bits));
    truePositives.push(hits);
    falsePositives.push(keys.length - at - hits);
  }
  return {
    thresholds: Float64Array.from(thresholds),
    truePositives: Float64Array.from(truePositives),
    falsePositives: Float64Array.from(falsePositives),
  };
}

/** Bits of a float32 that is not negative grow with it; the lowest bit of a key says whether it is of the class. */
function sortedKeys(scores: ArrayLike<number>, isPositive: ArrayLike<number>): Float64Array {
  const keys = new Float64Array(scores.length);
  for (let at = 0; at < scores.length; at++) {
    float[0] = scores[at] as number;
    keys[at] = (word[0] as number) * 2 + (isPositive[at] as number);
  }
  return keys.sort();
}

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

function floatOf(bits: number): number {
  word[0] = bits;
  return float[0] as number;
}
