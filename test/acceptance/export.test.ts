import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPixels } from "../../steps/vision/pixels/pixels.ts";
import { newWorkplace, repository, type Workplace } from "../cli/flow.ts";
import { evaluation, reported } from "../cli/predicting.ts";
import { computed } from "../export/onnx-session.ts";

let place: Workplace;
beforeAll(async () => {
  place = newWorkplace();
  cpSync(join(repository, "pipelines/export.yaml"), join(place.root, "export.yaml"));
  expect(await place.flow(["run", "export.yaml"])).toMatchObject({ code: 0, stderr: "" });
});
afterAll(() => place.remove());

test("the model of pipelines/export.yaml says in onnxruntime what the report says", async () => {
  const said = Object.entries(reported(place));
  const each = 64 * 64 * 3;
  const data = new Uint8Array(said.length * each);
  for (const [at, [file]] of said.entries()) {
    const path = join(place.root, evaluation, file);
    await readPixels(path, { size: [64, 64] }, data.subarray(at * each, (at + 1) * each));
  }
  const dims = [said.length, 64, 64, 3];
  const { values } = await computed(join(place.root, "runs/latest/model/files/model.onnx"), {
    ...({ type: "uint8" } as const),
    ...{ data, dims },
  });
  const expected = said.flatMap(([, [, ...probabilities]]) => probabilities.map(Number));
  expect(expected.length).toBe(80);
  for (const [at, value] of expected.entries()) expect(values[at]).toBeCloseTo(value, 5);
  const labels = JSON.parse(readFileSync(join(place.root, "runs/latest/model/files/labels.json"), "utf8"));
  expect(labels).toEqual(["discs", "stripes"]);
});
