/** Positions of pictures worth a look, the strangest first. */
export interface Examples {
  /** Wrong, and sure of it. */
  readonly mistakes: readonly number[];
  /** Right, and hardly sure. */
  readonly doubts: readonly number[];
}

/**
 * The most confident mistakes and the least confident hits, at most `most` of
 * both together: half and half where there are enough of each. Of equal confidence the first ones.
 *
 * @param confidence the probability of the class predicted.
 */
export function examplesOf(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  confidence: ArrayLike<number>,
  most: number,
): Examples {
  const wrong: number[] = [];
  const right: number[] = [];
  for (let at = 0; at < truth.length; at++) (truth[at] === predicted[at] ? right : wrong).push(at);
  const sure = (at: number): number => confidence[at] as number;
  wrong.sort((a, b) => sure(b) - sure(a) || a - b);
  right.sort((a, b) => sure(a) - sure(b) || a - b);
  const half = Math.floor(most / 2);
  return { mistakes: wrong.slice(0, half), doubts: right.slice(0, half) };
}
