import { mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { randomStream } from "../../steps/compute/random.ts";
import { openForward } from "../../steps/learning/heads/forward.ts";
import { openHead } from "../../steps/learning/heads/head.ts";
import { type ModelDescription, writeModel } from "../../steps/learning/heads/model.ts";
import { softmax } from "../../steps/learning/heads/scores.ts";
import { normalizationOf, normalizedRows } from "../../steps/train/normalized-rows.ts";
import { initialState } from "../../steps/train/state.ts";
import { featuresOf } from "./rows.ts";

const rowLength = 4;
const count = 150;
const training = 130;
const random = randomStream(9, "rows");
// The third place never changes, and the last row is all zeros.
const x = Float32Array.from({ length: count * rowLength }, (_, at) => {
  if (at >= (count - 1) * rowLength) return 0;
  return at % rowLength === 2 && at < training * rowLength ? 0.1 : 1000 + random.uniform();
});
const labels = Array.from({ length: count }, (_, row) => row % 2);
const features = featuresOf({ x, labels });
const positions = Int32Array.from({ length: training }, (_, row) => row);
const everything = Array.from({ length: count }, (_, row) => row);

const folder = mkdtempSync(join(tmpdir(), "flow-normalization-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function normalizedBy(kind: "l2" | "standard"): Promise<Float32Array> {
  const rows = normalizedRows(features, await normalizationOf(kind, features, positions));
  const values = new Float32Array(count * rowLength);
  await rows.read(everything, values);
  return values;
}

describe("rows are normalized", () => {
  test("standard: by the mean and the deviation of the training rows alone", async () => {
    const values = await normalizedBy("standard");
    for (let place = 0; place < rowLength; place++) {
      const column = everything.slice(0, training).map((row) => x[row * rowLength + place] as number);
      const mean = column.reduce((sum, value) => sum + value, 0) / training;
      const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / training;
      const scale = place === 2 ? 1 : Math.sqrt(variance);
      for (const row of everything) {
        const expected = ((x[row * rowLength + place] as number) - mean) / scale;
        const off = Math.abs((values[row * rowLength + place] as number) - expected);
        expect(off / Math.max(1, Math.abs(expected))).toBeLessThan(1e-6);
      }
    }
  });

  test("l2: to the length 1, and zeros stay", async () => {
    const values = await normalizedBy("l2");
    for (const row of everything) {
      const part = values.subarray(row * rowLength, (row + 1) * rowLength);
      expect(Math.hypot(...part)).toBeCloseTo(row === count - 1 ? 0 : 1, 6);
    }
    expect((values[1] as number) / (values[0] as number)).toBeCloseTo((x[1] as number) / (x[0] as number), 6);
  });
});

describe("a model", () => {
  const { layers } = initialState([rowLength, 3, 2], 1);
  const description = {
    classes: ["a", "b"],
    preprocessing: {},
    extractor: {},
    inputLength: rowLength,
    layers: [
      { units: 3, activation: "tanh" },
      { units: 2, activation: "softmax" },
    ],
  } as unknown as ModelDescription;

  test.each(["l2", "standard"] as const)("of %s rows treats what it is given alike", async (kind) => {
    const normalization = await normalizationOf(kind, features, positions);
    await writeModel(folder, { description, layers, ...(normalization ? { normalization } : {}) });
    const head = await openHead(folder);
    const { probabilities } = await head.predict(x.slice(), count);
    await head.close();
    const forward = await openForward({ layers, activations: ["tanh"] });
    const { logits } = await forward.run(await normalizedBy(kind), count);
    await forward.close();
    expect(probabilities).toEqual(softmax(logits, count));
    expect(new Set(probabilities).size).toBeGreaterThan(2);
  });

  test("without all of its statistics is refused", async () => {
    truncateSync(join(folder, "normalization.bin"), 40);
    await expect(openHead(folder)).rejects.toThrow(/normalization\.bin has 40 bytes where 64 belong/);
  });
});
