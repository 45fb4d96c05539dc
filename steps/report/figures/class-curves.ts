import {
  areaUnder,
  averagePrecision,
  type Curve,
  meanCurve,
  precisionRecallOf,
  rocOf,
  thinned,
} from "./curves.ts";
import { rank } from "./ranking.ts";
import { rounded, roundedCurve } from "./round.ts";

/** How well each class is told from all others, whatever the threshold. */
export interface ClassCurves {
  /** By label; `null` where the class, or every other, has no picture. */
  readonly rocAuc: readonly (number | null)[];
  readonly averagePrecision: readonly (number | null)[];
  /** Means over the classes that have one; `null` where none has. */
  readonly macroRocAuc: number | null;
  readonly macroAveragePrecision: number | null;
  readonly roc: DrawnCurves;
  readonly precisionRecall: DrawnCurves;
}

/** Curves to be drawn, each no finer than a drawing shows. */
export interface DrawnCurves {
  /** Of all classes that are looked at. */
  readonly macro?: Curve;
  /** Of up to `MOST_DRAWN` classes, those that are told apart worst. */
  readonly classes: readonly { readonly label: number; readonly curve: Curve }[];
}

const MOST_DRAWN = 10;
const STEPS = 100;

/**
 * One class against the rest, for each.
 *
 * @param scores rows × classes, probabilities.
 * @param labels of the rows.
 */
export function classCurves(scores: Float32Array, labels: Int32Array, classes: number): ClassCurves {
  const found = Array.from({ length: classes }, (_, label) => curvesOf(scores, labels, label, classes));
  const rocAuc = found.map(({ roc }) => (roc === undefined ? null : areaUnder(roc.whole)));
  const precisions = found.map(({ precisionRecall }) =>
    precisionRecall === undefined ? null : averagePrecision(precisionRecall.whole),
  );
  return {
    rocAuc: rocAuc.map(roundedOrNull),
    averagePrecision: precisions.map(roundedOrNull),
    macroRocAuc: roundedOrNull(meanOf(rocAuc)),
    macroAveragePrecision: roundedOrNull(meanOf(precisions)),
    roc: drawn(
      found.map(({ roc }) => roc),
      rocAuc,
    ),
    precisionRecall: drawn(
      found.map(({ precisionRecall }) => precisionRecall),
      precisions,
    ),
  };
}

interface Found {
  readonly whole: Curve;
  readonly thin: Curve;
}

function curvesOf(
  scores: Float32Array,
  labels: Int32Array,
  label: number,
  classes: number,
): { readonly roc: Found | undefined; readonly precisionRecall: Found | undefined } {
  const own = Float32Array.from(labels, (_, row) => scores[row * classes + label] as number);
  const isPositive = Uint8Array.from(labels, (one) => Number(one === label));
  const ranking = rank(own, isPositive);
  const both = (whole: Curve | undefined): Found | undefined =>
    whole && { whole, thin: thinned(whole, STEPS) };
  return { roc: both(rocOf(ranking)), precisionRecall: both(precisionRecallOf(ranking)) };
}

function drawn(curves: readonly (Found | undefined)[], areas: readonly (number | null)[]): DrawnCurves {
  const there = curves.flatMap((curve, label) => (curve === undefined ? [] : [{ label, ...curve }]));
  if (there.length === 0) return { classes: [] };
  const area = (label: number): number => areas[label] as number;
  const worst = [...there]
    .sort((a, b) => area(a.label) - area(b.label) || a.label - b.label)
    .slice(0, MOST_DRAWN)
    .sort((a, b) => a.label - b.label);
  const macro = meanCurve(
    there.map(({ thin }) => thin),
    STEPS + 1,
  );
  return {
    macro: roundedCurve(macro),
    classes: worst.map(({ label, thin }) => ({ label, curve: roundedCurve(thin) })),
  };
}

function meanOf(values: readonly (number | null)[]): number | null {
  const there = values.filter((value) => value !== null);
  return there.length === 0 ? null : there.reduce((sum, value) => sum + value, 0) / there.length;
}

function roundedOrNull(value: number | null): number | null {
  return value === null ? null : rounded(value);
}
