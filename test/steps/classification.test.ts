import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { classificationText, classify } from "../../steps/report/classification.ts";

interface Case {
  readonly names: string[];
  readonly truth: number[];
  readonly predicted: number[];
  readonly text: string;
  readonly accuracy: number;
  readonly macroF1: number;
}

// From bench/golden/classification.py.
const file = new URL("../golden/report/expected.json", import.meta.url);
const cases = JSON.parse(readFileSync(file, "utf8")) as Case[];

test.each(cases.map((item) => [item.names.join(" "), item] as const))(
  "prints what scikit-learn prints: %s",
  (_, item) => {
    const figures = classify(item.truth, item.predicted, item.names);
    expect(classificationText(figures)).toBe(item.text);
    expect(figures.accuracy).toBeCloseTo(item.accuracy, 12);
    expect(figures.macro.f1).toBeCloseTo(item.macroF1, 12);
    expect(figures.confusion.flat().reduce((a, b) => a + b)).toBe(item.truth.length);
  },
);
