import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { randomStream } from "../../steps/compute/random.ts";
import { calibrate } from "../../steps/report/figures/calibration.ts";
import {
  areaUnder,
  averagePrecision,
  type Curve,
  meanCurve,
  precisionRecallOf,
  rocOf,
  thinned,
} from "../../steps/report/figures/curves.ts";
import { examplesOf } from "../../steps/report/figures/examples.ts";
import { bootstrap, intervalsOf } from "../../steps/report/figures/intervals.ts";
import { featureMap } from "../../steps/report/figures/map.ts";
import { scoreSums } from "../../steps/report/figures/probability-scores.ts";
import { rank } from "../../steps/report/figures/ranking.ts";

interface Case {
  readonly truth: number[];
  readonly probabilities: number[][];
  readonly predicted: number[];
  readonly classes: ({
    readonly roc: [number[], number[]];
    readonly auc: number;
    readonly precisionRecall: [number[], number[]];
    readonly averagePrecision: number;
  } | null)[];
  readonly calibration: { counts: number[]; accuracy: number[]; confidence: number[]; error: number };
  readonly logLoss: number;
  readonly brier: number;
  readonly topFive: number;
  readonly samples: number[][];
  readonly intervals: { low: number; high: number }[];
}

// From bench/golden/figures.py.
const golden = JSON.parse(readFileSync(new URL("../golden/report/figures.json", import.meta.url), "utf8"));
const cases = golden.cases as Case[];
const named = cases.map((one) => [one.truth.length, one.classes.length, one] as const);

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [at, value] of expected.entries()) {
    expect(Math.abs((actual[at] as number) - value)).toBeLessThanOrEqual(1e-12);
  }
}

test.each(named)("curves of %i pictures of %i classes are scikit-learn's", (_, __, one) => {
  for (const [label, expected] of one.classes.entries()) {
    const ranking = rank(
      one.probabilities.map((row) => row[label] as number),
      one.truth.map((own) => Number(own === label)),
    );
    const roc = rocOf(ranking);
    if (expected === null) {
      expect(roc).toBeUndefined();
      continue;
    }
    const precisionRecall = precisionRecallOf(ranking) as Curve;
    expectClose(roc?.x ?? [], expected.roc[0]);
    expectClose(roc?.y ?? [], expected.roc[1]);
    expectClose([areaUnder(roc as Curve)], [expected.auc]);
    // scikit-learn's ends where all of a class are found, or goes on to the last picture, by version.
    const length = expected.precisionRecall[0].length;
    expectClose(precisionRecall.x.slice(0, length), expected.precisionRecall[0]);
    expectClose(precisionRecall.y.slice(0, length), expected.precisionRecall[1]);
    expectClose([averagePrecision(precisionRecall)], [expected.averagePrecision]);
  }
});

test.each(named)("calibration of %i pictures of %i classes is scikit-learn's", (_, __, one) => {
  const sure = one.probabilities.map((row) => Math.max(...row));
  const right = one.truth.map((label, at) => Number(one.predicted[at] === label));
  const { bins, error } = calibrate(sure, right, 10);
  expect(bins.map(({ count }) => count)).toEqual(one.calibration.counts);
  const filled = bins.filter(({ count }) => count > 0);
  expectClose(
    filled.map(({ accuracy }) => accuracy),
    one.calibration.accuracy,
  );
  expectClose(
    filled.map(({ confidence }) => confidence),
    one.calibration.confidence,
  );
  expectClose([error], [one.calibration.error]);
});

test.each(named)("losses and intervals of %i pictures of %i classes are scikit-learn's", (_, __, one) => {
  const sums = scoreSums();
  for (const [at, row] of one.probabilities.entries()) sums.add(row, one.truth[at] as number);
  const { logLoss, brier, topFive } = sums.scores();
  expectClose([logLoss, brier, topFive], [one.logLoss, one.brier, one.topFive]);
  const intervals = intervalsOf(one.truth, one.predicted, one.classes.length, one.samples);
  expectClose(
    Object.values(intervals).flatMap(({ low, high }) => [low, high]),
    one.intervals.flatMap(({ low, high }) => [low, high]),
  );
});

test("intervals are the same for the same seed, and hold what was measured", () => {
  const { truth, predicted, classes } = cases[1] as Case;
  const intervals = (seed: number) => bootstrap(truth, predicted, classes.length, randomStream(seed, "x"));
  expect(intervals(1)).toEqual(intervals(1));
  expect(intervals(1)).not.toEqual(intervals(2));
  const accuracy = truth.filter((label, at) => label === predicted[at]).length / truth.length;
  expect(intervals(1).accuracy.low).toBeLessThan(accuracy);
  expect(intervals(1).accuracy.high).toBeGreaterThan(accuracy);
});

test("a thinned curve keeps its ends and never leaves the curve by more than a step", () => {
  const many = Array.from({ length: 10_001 }, (_, at) => at / 10_000);
  const { x, y } = thinned({ x: many, y: many.map((value) => value ** 2) }, 100);
  expect(x.length).toBeLessThan(205);
  expect([x[0], y[0], x.at(-1), y.at(-1)]).toEqual([0, 0, 1, 1]);
  for (const [at, value] of x.entries()) {
    if (at > 0) expect(value - (x[at - 1] as number)).toBeLessThan(0.0102);
  }
});

test("the mean of curves takes of a step its upper end", () => {
  const step = { x: [0, 0, 1], y: [0, 1, 1] };
  const line = { x: [0, 1], y: [0, 1] };
  expect(meanCurve([step, line], 3)).toEqual({ x: [0, 0.5, 1], y: [0.5, 0.75, 1] });
});

test("examples are the surest mistakes and the least sure hits", () => {
  const sure = [0.9, 0.6, 0.99, 0.7, 0.55];
  expect(examplesOf([0, 0, 1, 1, 1], [0, 0, 0, 0, 1], sure, 4)).toEqual({
    mistakes: [2, 3],
    doubts: [4, 1],
  });
});

test("the map of short rows is scikit-learn's PCA, up to the sign of an axis", () => {
  const { rows, points, explained } = golden.components as Record<"rows" | "points", number[][]> & {
    explained: number[];
  };
  const width = rows[0]?.length ?? 0;
  const map = featureMap(width, rows.length, 1);
  for (const row of rows) map.add(Float32Array.from(row));
  const found = map.points();
  expectClose(found.explained, explained);
  for (const axis of [0, 1]) {
    const sign = Math.sign((found.points[axis] as number) * (points[0]?.[axis] as number));
    for (const [row, point] of points.entries()) {
      expect(sign * (found.points[row * 2 + axis] as number)).toBeCloseTo(point[axis] as number, 8);
    }
  }
});

test("the map of long rows keeps apart what lies apart", () => {
  const random = randomStream(3, "rows");
  const length = 20_000;
  const centres = [0, 1, 2].map(() => Float32Array.from({ length }, () => random.uniform()));
  const map = featureMap(length, 60, 1);
  for (let row = 0; row < 60; row++) {
    map.add((centres[row % 3] as Float32Array).map((value) => value + random.uniform() * 0.5));
  }
  const { points } = map.points();
  const distance = (a: number, b: number): number =>
    Math.hypot(
      (points[a * 2] as number) - (points[b * 2] as number),
      (points[a * 2 + 1] as number) - (points[b * 2 + 1] as number),
    );
  const pairs = Array.from({ length: 60 }, (_, a) =>
    Array.from({ length: a }, (_, b) => [a, b] as const),
  ).flat();
  const within = pairs.filter(([a, b]) => a % 3 === b % 3).map(([a, b]) => distance(a, b));
  const between = pairs.filter(([a, b]) => a % 3 !== b % 3).map(([a, b]) => distance(a, b));
  expect(Math.max(...within)).toBeLessThan(Math.min(...between) / 3);
});
