import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { randomStream } from "../../steps/compute/random.ts";
import type { ExportedFeatures, ExportedModel, Formats } from "../../steps/export/format.ts";
import { featuresFormats, modelFormats } from "../../steps/export/format-names.ts";
import { exportStep } from "../../steps/export/index.ts";
import { loadFormat } from "../../steps/export/load-format.ts";
import { featuresOf } from "../train/rows.ts";

// What each format makes of fixed numbers. Where this fails, the bytes have
// changed: raise the version of `export`, then write the file anew with UPDATE_GOLDEN=1.
const golden = new URL("../golden/exports.json", import.meta.url).pathname;

const root = mkdtempSync(join(tmpdir(), "flow-export-ever-"));
afterAll(() => rmSync(root, { recursive: true }));

const { uniform } = randomStream(3, "export");
const numbers = (count: number): Float32Array =>
  Float32Array.from({ length: count }, () => 2 * uniform() - 1);
const layer = (inputs: number, units: number) => ({
  ...{ inputs, units },
  kernel: numbers(inputs * units),
  bias: numbers(units),
});
const exported = {
  model: {
    description: {
      classes: ["a", "b"],
      inputLength: 5,
      preprocessing: { size: [8, 8], scaling: "tf" },
      extractor: { network: "none", layer: "none", weights: "none", pool: "none" },
      normalize: "standard",
      layers: [
        { units: 4, activation: "gelu" },
        { units: 2, activation: "softmax" },
      ],
    },
    layers: [layer(5, 4), layer(4, 2)],
    normalization: {
      kind: "standard",
      mean: new Float64Array(5).fill(0.1),
      scale: new Float64Array(5).fill(3),
    },
  },
} as unknown as ExportedModel;
const features = {
  features: {
    ...featuresOf({ x: numbers(30), labels: [0, 1, 0, 1, 0, 1] }),
    classes: ["class 0", "class 1"],
    manifest: { dtype: "float32" },
  },
  signal: new AbortController().signal,
  progress() {},
} as unknown as ExportedFeatures;

test.each([...modelFormats, ...featuresFormats])("%s is written as ever", async (name) => {
  const folder = mkdtempSync(join(root, "files-"));
  const format = (await loadFormat(name)) as Formats["onnx"] & Formats["csv"];
  await format.write({ ...exported, ...features }, folder);
  const files = Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((file) => [
        file,
        createHash("sha256")
          .update(readFileSync(join(folder, file)))
          .digest("hex"),
      ]),
  );
  const all = existsSync(golden) ? JSON.parse(readFileSync(golden, "utf8")) : {};
  const key = `${name} (version ${exportStep.version})`;
  if (process.env.UPDATE_GOLDEN) {
    all[key] = files;
    writeFileSync(golden, `${JSON.stringify(all, null, 1)}\n`);
  }
  expect(files).toEqual(all[key]);
});
