import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { tfjs } from "../../steps/export/formats/tfjs.ts";
import { farthest } from "./farthest.ts";
import { headCases, rowCount, rowLength } from "./keras-heads.ts";
import { loadModel, loadTf } from "./keras-tfjs.ts";

const root = mkdtempSync(join(tmpdir(), "flow-export-tfjs-"));
afterAll(() => rmSync(root, { recursive: true }));
const newFolder = (): string => mkdtempSync(join(root, "case-"));

describe("a head as a layers model of TensorFlow.js", () => {
  test("gives the same probabilities", async () => {
    const tf = await loadTf();
    const off = [];
    for (const { title, model, rows, probabilities } of await headCases(newFolder)) {
      const folder = newFolder();
      await tfjs.write({ model }, folder);
      const loaded = await loadModel(tf, folder);
      const given = loaded.predict(tf.tensor2d(rows, [rowCount, rowLength])) as ReturnType<typeof tf.tensor>;
      off.push({ title, off: farthest(await given.data(), probabilities) });
    }
    expect(off.filter((one) => !(one.off < 1e-5))).toEqual([]);
  });
});
