/** How well probabilities fit, as sums over pictures: they are asked for one by one. */
export interface ProbabilityScores {
  readonly logLoss: number;
  /** The mean squared distance to certainty about the right class, halved: 0 to 1. */
  readonly brier: number;
  /** The share of pictures whose class is among the five likeliest. */
  readonly topFive: number;
}

export interface ScoreSums {
  /** @param probabilities of one picture, by label. */
  add(probabilities: ArrayLike<number>, label: number): void;
  scores(): ProbabilityScores;
}

/**
 * sklearn.metrics' log_loss, brier_score_loss of several classes (halved) and
 * top_k_accuracy_score, in double precision.
 */
export function scoreSums(): ScoreSums {
  let [count, loss, brier, five] = [0, 0, 0, 0];
  return {
    add(probabilities, label) {
      const own = probabilities[label] as number;
      let [squares, before] = [0, 0];
      for (let at = 0; at < probabilities.length; at++) {
        const value = probabilities[at] as number;
        squares += (value - (at === label ? 1 : 0)) ** 2;
        // Of equals the later one comes first there.
        if (value > own || (value === own && at > label)) before++;
      }
      count++;
      loss -= Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, own)));
      brier += squares / 2;
      if (before < 5) five++;
    },
    scores: () => ({ logLoss: loss / count, brier: brier / count, topFive: five / count }),
  };
}
