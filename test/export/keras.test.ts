import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { keras } from "../../steps/export/formats/keras.ts";
import { farthest } from "./farthest.ts";
import { headCases, rowCount, rowLength } from "./keras-heads.ts";
import { kerasPredict } from "./keras-python.ts";
import { lackOfPython } from "./python.ts";

const root = mkdtempSync(join(tmpdir(), "flow-export-keras-"));
afterAll(() => rmSync(root, { recursive: true }));
const newFolder = (): string => mkdtempSync(join(root, "case-"));

const lack = lackOfPython("keras", "numpy");

describe(`a head as a Keras file${lack}`, () => {
  test.skipIf(lack !== "")("gives the same probabilities in Keras", async () => {
    const cases = await headCases(newFolder);
    const jobs = [];
    for (const { model, rows } of cases) {
      const folder = newFolder();
      await keras.write({ model }, folder);
      jobs.push({ file: join(folder, "model.keras"), shape: [rowCount, rowLength], inputs: rows });
    }
    const given = await kerasPredict(jobs);
    const off = cases.map(({ title, probabilities }, at) => ({
      title,
      off: farthest(given[at] as Float32Array, probabilities),
    }));
    expect(off.filter((one) => !(one.off < 1e-5))).toEqual([]);
  });
});
