import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onnx } from "../../steps/export/formats/onnx.ts";
import { newDense } from "../../steps/learning/heads/dense.ts";
import { openHead } from "../../steps/learning/heads/head.ts";
import { writeModel } from "../../steps/learning/heads/model.ts";
import { farthest } from "./farthest.ts";
import { type DrawnHead, drawnHeads } from "./onnx-heads.ts";
import { computed } from "./onnx-session.ts";
import { inPython, lackOfPython } from "./python.ts";

// Heads as ONNX, against what flow computes.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-onnx-heads-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let serial = 0;

/** Writes a head as flow keeps it and as ONNX; returns the folder and what flow says of the rows. */
async function written({ model, rows, count }: DrawnHead): Promise<[folder: string, expected: Float32Array]> {
  const at = join(folder, `${serial++}`);
  mkdirSync(at);
  await writeModel(at, model);
  await onnx.write({ model }, at);
  const head = await openHead(at);
  try {
    return [at, (await head.predict(rows.slice(), count)).probabilities];
  } finally {
    await head.close();
  }
}

test("any head gives the same probabilities to 1e-5", async () => {
  await fc.assert(
    fc.asyncProperty(drawnHeads, async (drawn) => {
      const [at, expected] = await written(drawn);
      const dims = [drawn.count, drawn.model.description.inputLength];
      const rows = { type: "float32", data: drawn.rows, dims } as const;
      const { names, values } = await computed(join(at, "model.onnx"), rows);
      rmSync(at, { recursive: true });
      expect(names).toEqual(["features", "probabilities"]);
      expect(farthest(values, expected)).toBeLessThan(1e-5);
    }),
    { numRuns: 150 },
  );
});

const lack = lackOfPython("onnx", "onnxruntime");

describe.skipIf(lack !== "")(`Python${lack}`, () => {
  test("takes them for right and computes the same", async () => {
    const drawn = fc.sample(drawnHeads, { numRuns: 30, seed: 15 });
    const folders: string[] = [];
    for (const one of drawn) {
      const [at, expected] = await written(one);
      writeFileSync(join(at, "rows.bin"), one.rows);
      writeFileSync(join(at, "expected.bin"), expected);
      folders.push(at);
    }
    const differences = inPython(folder, compare, ...folders)
      .trim()
      .split("\n")
      .map(Number);
    expect(differences).toHaveLength(30);
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  });
});

const compare = `
import json, sys
import numpy as np, onnx, onnxruntime as ort
for folder in sys.argv[1:]:
    path = folder + "/model.onnx"
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    classes = json.loads({entry.key: entry.value for entry in model.metadata_props}["flow.classes"])
    session = ort.InferenceSession(path)
    [features], [output] = session.get_inputs(), session.get_outputs()
    assert (features.name, features.shape[0], features.type) == ("features", "N", "tensor(float)")
    assert (output.name, output.shape, output.type) == ("probabilities", ["N", len(classes)], "tensor(float)")
    rows = np.fromfile(folder + "/rows.bin", np.float32).reshape(-1, features.shape[1])
    [probabilities] = session.run(None, {"features": rows})
    expected = np.fromfile(folder + "/expected.bin", np.float32).reshape(probabilities.shape)
    print(np.abs(probabilities - expected).max())
`;

test("a head that no ONNX file can hold is refused by name, with a format that can", async () => {
  const [drawn] = fc.sample(drawnHeads, 1);
  const model = { ...(drawn as DrawnHead).model, layers: [newDense(2 ** 20, 512)] };
  await expect(onnx.write({ model }, folder)).rejects.toThrow(
    "the weights of the head are 2.1 GB, and an ONNX file can hold 2.1: write `format: keras`",
  );
});
