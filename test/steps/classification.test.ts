import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { classificationText, classify } from "../../steps/report/classification.ts";

interface Case {
  readonly names: string[];
  /** True label, predicted label, how many images. */
  readonly cells: [number, number, number][];
  readonly text: string;
  readonly accuracy: number;
  readonly macroF1: number;
}

// From bench/golden/classification.py.
const file = new URL("../golden/report/expected.json", import.meta.url);
const cases = JSON.parse(readFileSync(file, "utf8")) as Case[];

test(`prints what scikit-learn prints: ${cases.length} reports`, () => {
  for (const { names, cells, text, accuracy, macroF1 } of cases) {
    const labels = (member: 0 | 1): number[] =>
      cells.flatMap((cell) => Array.from({ length: cell[2] }, () => cell[member]));
    const figures = classify(labels(0), labels(1), names);
    expect(classificationText(figures)).toBe(text);
    expect(figures.accuracy).toBe(accuracy);
    expect(figures.macro.f1).toBe(macroF1);
    expect(figures.confusion.flat().reduce((a, b) => a + b)).toBe(labels(0).length);
  }
});
