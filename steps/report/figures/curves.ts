import type { Ranking } from "./ranking.ts";

/** A line through points, x rising. */
export interface Curve {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/**
 * The receiver operating characteristic: x is the false positive rate, y the
 * true positive rate, from (0, 0) to (1, 1); sklearn.metrics.roc_curve with
 * drop_intermediate=False. `undefined` where the class, or every other, has no picture.
 */
export function rocOf({ truePositives, falsePositives }: Ranking): Curve | undefined {
  const [positives, negatives] = [truePositives.at(-1) ?? 0, falsePositives.at(-1) ?? 0];
  if (positives === 0 || negatives === 0) return undefined;
  return {
    x: [0, ...Array.from(falsePositives, (count) => count / negatives)],
    y: [0, ...Array.from(truePositives, (count) => count / positives)],
  };
}

/** The area under a curve by trapezoids: sklearn.metrics.auc. */
export function areaUnder({ x, y }: Curve): number {
  let area = 0;
  for (let at = 1; at < x.length; at++) {
    const width = (x[at] as number) - (x[at - 1] as number);
    area += (width * ((y[at] as number) + (y[at - 1] as number))) / 2;
  }
  return area;
}

/**
 * Precision (y) over recall (x), from recall 0 with precision 1 on:
 * sklearn.metrics.precision_recall_curve turned round. `undefined` where the class has no picture.
 */
export function precisionRecallOf({ truePositives, falsePositives }: Ranking): Curve | undefined {
  const positives = truePositives.at(-1) ?? 0;
  if (positives === 0) return undefined;
  return {
    x: [0, ...Array.from(truePositives, (count) => count / positives)],
    y: [1, ...Array.from(truePositives, (count, at) => count / (count + (falsePositives[at] as number)))],
  };
}

/** Precision at each step of recall, weighted by the step: sklearn.metrics.average_precision_score. */
export function averagePrecision({ x, y }: Curve): number {
  let sum = 0;
  for (let at = 1; at < x.length; at++) {
    sum += ((x[at] as number) - (x[at - 1] as number)) * (y[at] as number);
  }
  return sum;
}

/** The mean of curves, at `points` places from 0 to 1 that stand equally far apart. */
export function meanCurve(curves: readonly Curve[], points: number): Curve {
  const x = Array.from({ length: points }, (_, at) => at / (points - 1));
  const y = x.map(() => 0);
  for (const curve of curves) {
    const values = interpolate(curve, x);
    for (const [at, value] of values.entries()) y[at] = (y[at] as number) + value / curves.length;
  }
  return { x, y };
}

/** Between points a straight line; where several share an x, the last of them: numpy.interp. */
function interpolate({ x, y }: Curve, places: readonly number[]): number[] {
  let at = 0;
  return places.map((place) => {
    while (at + 1 < x.length && (x[at + 1] as number) <= place) at++;
    const [left, low] = [x[at] as number, y[at] as number];
    const [right, high] = [x[at + 1], y[at + 1]];
    if (right === undefined || high === undefined || place <= left) return low;
    return low + ((high - low) * (place - left)) / (right - left);
  });
}

/** Of a curve, no more points than its drawing shows: those that are at least 1/`steps` from the last one kept. */
export function thinned({ x, y }: Curve, steps: number): Curve {
  const kept: number[] = [];
  for (let at = 0; at < x.length; at++) {
    const last = kept.at(-1);
    const isEnd = last === undefined || at === x.length - 1;
    if (isEnd || distance(x, at, last) * steps >= 1 || distance(y, at, last) * steps >= 1) kept.push(at);
  }
  return { x: kept.map((at) => x[at] as number), y: kept.map((at) => y[at] as number) };
}

function distance(values: readonly number[], a: number, b: number): number {
  return Math.abs((values[a] as number) - (values[b] as number));
}
