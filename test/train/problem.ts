import { randomStream } from "../../steps/compute/random.ts";
import type { Rows } from "../../steps/train/method.ts";
import { featuresOf, positionsUpTo } from "./rows.ts";

export interface Problem {
  readonly features: Rows;
  readonly training: Int32Array;
  readonly validation: Int32Array;
}

/** Rows that a head can learn to tell apart, mostly zeros as a ReLU leaves them. */
export function problem({
  training,
  validation,
  rowLength,
  classes,
}: Record<"training" | "validation" | "rowLength" | "classes", number>): Problem {
  const rows = training + validation;
  const random = randomStream(1, "problem");
  const labels = Array.from({ length: rows }, () => random.below(classes));
  const x = new Float32Array(rows * rowLength);
  for (const [row, label] of labels.entries()) {
    for (let at = 0; at < rowLength; at++) {
      const value = random.uniform() * 2 - 1.4 + (at % classes === label ? 0.2 : 0);
      x[row * rowLength + at] = Math.max(0, value);
    }
  }
  const splits = labels.map((_, row) => (row < training ? ("train" as const) : ("validation" as const)));
  const positions = positionsUpTo(rows);
  return {
    features: featuresOf({ x, labels, splits }),
    training: positions.slice(0, training),
    validation: positions.slice(training),
  };
}
