import type { RandomStream } from "../../compute/random.ts";

/** Where a figure lies in 95 of 100 samples like this one. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Intervals {
  readonly accuracy: Interval;
  /** Of F1, the mean over classes. */
  readonly macroF1: Interval;
  /** Of recall, the mean over classes that have pictures. */
  readonly balancedAccuracy: Interval;
}

/** How many samples are drawn, and at most how many pictures in all of them. */
const SAMPLES = 1000;
const MOST_DRAWS = 100_000_000;

/**
 * Intervals by the bootstrap (Efron 1979): as many pictures are drawn, with
 * replacement, again and again, and the figures computed of each sample; the
 * middle 95 % of these. 1,000 samples, fewer than that from 100,000 pictures on, where they differ little.
 */
export function bootstrap(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
  random: RandomStream,
): Intervals {
  const count = truth.length;
  const samples = Math.max(100, Math.min(SAMPLES, Math.floor(MOST_DRAWS / count)));
  const sample = new Int32Array(count);
  function* draw(): Generator<Int32Array> {
    for (let at = 0; at < samples; at++) {
      for (let one = 0; one < count; one++) sample[one] = random.below(count);
      yield sample;
    }
  }
  return intervalsOf(truth, predicted, classes, draw());
}

/** The same of samples that are given, as positions. */
export function intervalsOf(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
  samples: Iterable<ArrayLike<number>>,
): Intervals {
  const accuracy: number[] = [];
  const macroF1: number[] = [];
  const balancedAccuracy: number[] = [];
  const [hits, support, guesses] = [0, 1, 2].map(() => new Float64Array(classes)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (const sample of samples) {
    for (const counts of [hits, support, guesses]) counts.fill(0);
    for (let at = 0; at < sample.length; at++) {
      const label = truth[sample[at] as number] as number;
      const guess = predicted[sample[at] as number] as number;
      support[label] = (support[label] as number) + 1;
      guesses[guess] = (guesses[guess] as number) + 1;
      if (label === guess) hits[label] = (hits[label] as number) + 1;
    }
    const figures = figuresOf(hits, support, guesses);
    accuracy.push(figures.right / sample.length);
    macroF1.push(figures.f1);
    balancedAccuracy.push(figures.recall);
  }
  return {
    accuracy: middle(accuracy),
    macroF1: middle(macroF1),
    balancedAccuracy: middle(balancedAccuracy),
  };
}

function figuresOf(
  hits: Float64Array,
  support: Float64Array,
  guesses: Float64Array,
): { right: number; f1: number; recall: number } {
  let [right, f1, recall, present] = [0, 0, 0, 0];
  for (let label = 0; label < hits.length; label++) {
    const [hit, there, guessed] = [hits[label] as number, support[label] as number, guesses[label] as number];
    right += hit;
    if (there + guessed > 0) f1 += (2 * hit) / (there + guessed);
    if (there === 0) continue;
    recall += hit / there;
    present++;
  }
  return { right, f1: f1 / hits.length, recall: recall / present };
}

function middle(values: readonly number[]): Interval {
  const sorted = Float64Array.from(values).sort();
  return { low: percentile(sorted, 0.025), high: percentile(sorted, 0.975) };
}

/** Between the values next to it, as numpy.percentile does by default. @param sorted rising. */
function percentile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [low, high] = [sorted[below] as number, sorted[Math.min(below + 1, sorted.length - 1)] as number];
  return low + (high - low) * (place - below);
}
