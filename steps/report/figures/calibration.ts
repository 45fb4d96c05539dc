/** Of the pictures whose confidence lies in one bin. */
export interface Bin {
  readonly count: number;
  /** Means. */
  readonly confidence: number;
  readonly accuracy: number;
}

export interface Calibration {
  /** Equally wide, from 0 to 1; a bin without pictures has means of 0. */
  readonly bins: readonly Bin[];
  /** The expected calibration error: how far confidence and accuracy are apart, weighted by pictures. */
  readonly error: number;
}

/**
 * Whether of the pictures that the model is 80 % sure of it has 80 % right. A
 * value on the border of two bins is in the lower: sklearn.calibration.calibration_curve.
 *
 * @param confidence the probability of the class predicted.
 * @param isRight 1 where that is the class.
 */
export function calibrate(
  confidence: ArrayLike<number>,
  isRight: ArrayLike<number>,
  count: number,
): Calibration {
  const sums = Array.from({ length: count }, () => ({ count: 0, confidence: 0, right: 0 }));
  for (let at = 0; at < confidence.length; at++) {
    const value = confidence[at] as number;
    const sum = sums[binOf(value, count)] as (typeof sums)[number];
    sum.count++;
    sum.confidence += value;
    sum.right += isRight[at] as number;
  }
  const bins = sums.map((sum) => ({
    count: sum.count,
    confidence: sum.count === 0 ? 0 : sum.confidence / sum.count,
    accuracy: sum.count === 0 ? 0 : sum.right / sum.count,
  }));
  const error = bins.reduce(
    (total, bin) => total + (bin.count / confidence.length) * Math.abs(bin.accuracy - bin.confidence),
    0,
  );
  return { bins, error };
}

function binOf(value: number, count: number): number {
  let bin = 0;
  while (bin < count - 1 && value > (bin + 1) / count) bin++;
  return bin;
}
