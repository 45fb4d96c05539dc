import { randomStream } from "../compute/random.ts";
import { type Calibration, calibrate } from "./figures/calibration.ts";
import { type ClassCurves, classCurves } from "./figures/class-curves.ts";
import { type Examples, examplesOf } from "./figures/examples.ts";
import { bootstrap, type Intervals } from "./figures/intervals.ts";
import { featureMap } from "./figures/map.ts";
import { type ProbabilityScores, scoreSums } from "./figures/probability-scores.ts";
import { four, rounded } from "./figures/round.ts";
import { sampleOf } from "./figures/sample.ts";

/** Of all that is drawn at random: a report is the same whenever it is made. */
const SEED = 1;
const MOST_POINTS = 5000;
const MOST_PICTURES = 60;
/** Probabilities that curves are made from: 256 MB. Of more pictures a sample has to do. */
const MOST_SCORES = 64_000_000;
const BINS = 10;

/** Takes in one picture after the other, and says what they come to. */
export interface Measuring {
  /** @param row its features, before the model changes them. */
  see(row: Float32Array): void;
  /** In the same order. @param probabilities by label. */
  add(label: number, predicted: number, probabilities: Float32Array): void;
  figures(): Measured;
}

export interface Measured {
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
  /** The probability of the class predicted. */
  readonly confidence: Float32Array;
  readonly intervals: Intervals;
  readonly scores: ProbabilityScores;
  readonly calibration: Calibration;
  readonly curves: ClassCurves & {
    /** How many pictures they were made from. */
    readonly pictures: number;
  };
  readonly map: MapFigure;
  readonly examples: Examples;
}

/** Features of pictures in the plane in which they are spread most. */
export interface MapFigure {
  /** x, y, label and 1 where the prediction is right, of each picture. Places are whole numbers, 0 to 1000. */
  readonly points: readonly (readonly [x: number, y: number, label: number, isRight: number])[];
  /** The shares of the spread along x and y. */
  readonly explained: readonly [number, number];
}

/** @param count how many pictures there will be. @param length of a row. */
export function measuring(count: number, classes: number, length: number): Measuring {
  const isMapped = sampleOf(count, MOST_POINTS, randomStream(SEED, "mapped"));
  const ranked = Math.min(count, Math.max(1, Math.floor(MOST_SCORES / classes)));
  const isRanked = sampleOf(count, ranked, randomStream(SEED, "ranked"));
  const map = featureMap(length, Math.min(count, MOST_POINTS), SEED);
  const sums = scoreSums();
  const truth = new Int32Array(count);
  const predicted = new Int32Array(count);
  const confidence = new Float32Array(count);
  const scores = new Float32Array(ranked * classes);
  const labels = new Int32Array(ranked);
  let [seen, added, kept] = [0, 0, 0];
  return {
    see(row) {
      if (isMapped[seen++] === 1) map.add(row);
    },
    add(label, guess, probabilities) {
      const at = added++;
      truth[at] = label;
      predicted[at] = guess;
      confidence[at] = probabilities[guess] as number;
      sums.add(probabilities, label);
      if (isRanked[at] !== 1) return;
      scores.set(probabilities, kept * classes);
      labels[kept++] = label;
    },
    figures() {
      const isRight = Uint8Array.from(truth, (label, at) => Number(predicted[at] === label));
      const { points, explained } = map.points();
      const mapped = Array.from(isMapped.keys()).filter((at) => isMapped[at] === 1);
      return {
        truth,
        predicted,
        confidence,
        intervals: roundedIntervals(bootstrap(truth, predicted, classes, randomStream(SEED, "bootstrap"))),
        scores: roundedScores(sums.scores()),
        calibration: roundedCalibration(calibrate(confidence, isRight, BINS)),
        curves: { pictures: ranked, ...classCurves(scores, labels, classes) },
        map: {
          points: placed(points).map(([x, y], row) => {
            const at = mapped[row] as number;
            return [x, y, truth[at] as number, isRight[at] as number];
          }),
          explained: [four(explained[0]), four(explained[1])],
        },
        examples: examplesOf(truth, predicted, confidence, MOST_PICTURES),
      };
    },
  };
}

/** Points in a square of whole numbers, 0 to 1000, with one scale for both axes. */
function placed(points: Float64Array): (readonly [number, number])[] {
  const range = (axis: 0 | 1): { middle: number; width: number } => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let at = axis; at < points.length; at += 2) {
      low = Math.min(low, points[at] as number);
      high = Math.max(high, points[at] as number);
    }
    return { middle: (low + high) / 2, width: high - low };
  };
  const [x, y] = [range(0), range(1)];
  const width = Math.max(x.width, y.width) || 1;
  const place = (value: number, middle: number): number =>
    Math.round(500 + (1000 * (value - middle)) / width);
  return Array.from({ length: points.length / 2 }, (_, row) => [
    place(points[row * 2] as number, x.middle),
    place(points[row * 2 + 1] as number, y.middle),
  ]);
}

function roundedIntervals(intervals: Intervals): Intervals {
  const ends = Object.entries(intervals).map(([name, { low, high }]) => [
    name,
    { low: rounded(low), high: rounded(high) },
  ]);
  return Object.fromEntries(ends) as unknown as Intervals;
}

function roundedScores({ logLoss, brier, topFive }: ProbabilityScores): ProbabilityScores {
  return { logLoss: rounded(logLoss), brier: rounded(brier), topFive: rounded(topFive) };
}

function roundedCalibration({ bins, error }: Calibration): Calibration {
  return {
    bins: bins.map(({ count, confidence, accuracy }) => ({
      count,
      confidence: rounded(confidence),
      accuracy: rounded(accuracy),
    })),
    error: rounded(error),
  };
}
