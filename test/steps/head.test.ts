import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newDense } from "../../steps/learning/heads/dense.ts";
import { openHead } from "../../steps/learning/heads/head.ts";
import { writeModel } from "../../steps/learning/heads/model.ts";

// A runtime sums in another order for one row than for many, and for 64 than for
// fewer: whoever asks for one picture must get what the report says of it.

const inputLength = 1280;
const units = 64;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "flow-head-"));
  const layers = [newDense(inputLength, units), newDense(units, 3)];
  let state = 1;
  const next = (): number => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647 - 0.5;
  };
  for (const { kernel } of layers) for (const at of kernel.keys()) kernel[at] = next();
  await writeModel(folder, {
    description: {
      classes: ["a", "b", "c"],
      preprocessing: { size: [8, 8], scaling: "none" },
      extractor: {
        ...{ network: "n", layer: "l", weights: "w", pool: "none" },
        ...{ runtime: "onnxruntime", precision: "float32" },
      },
      inputLength,
      layers: [
        { units, activation: "relu" },
        { units: 3, activation: "softmax" },
      ],
    },
    layers,
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rows = Float32Array.from(
  { length: 130 * inputLength },
  (_, at) => Math.sin(at * 0.37) * ((at % 7) - 3),
);

test("a row's probabilities have the same bits alone and among any number of others", async () => {
  const head = await openHead(folder);
  try {
    const all = (await head.predict(rows.slice(), 130)).probabilities;
    expect(new Set(all).size).toBeGreaterThan(300);
    for (const count of [1, 2, 31, 32, 33, 63, 64, 65]) {
      const some = rows.slice(3 * inputLength, (3 + count) * inputLength);
      const { probabilities } = await head.predict(some, count);
      expect(probabilities, `${count} rows`).toEqual(all.slice(9, 9 + 3 * count));
    }
  } finally {
    await head.close();
  }
});
