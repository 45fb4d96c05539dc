import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunRecord } from "../../engine/record/run-record.ts";
import { stepTypes } from "../../steps/registry.ts";
import { newWorkplace, type Workplace } from "../cli/flow.ts";
import { storedRows } from "../features/stored-rows.ts";
import { newFileServer } from "../web/server.ts";
import { zip } from "../zip.ts";

// What every step type makes of a fixed input, by type and version. Where this
// fails, the bytes of an output have changed: raise the type's version, then
// write the file anew with UPDATE_GOLDEN=1.
const golden = new URL("../golden/versions.json", import.meta.url).pathname;

const pipeline = `
name: versions
steps:
  generate:
    uses: generate
    with: { splits: { training: 8, validation: 4, evaluation: 4 }, size: 32 }
  download:
    uses: download
    with: { url: "{server}/pictures.zip", sha256: {sha256} }
  organize:
    uses: organize
    inputs: { source: generate.images }
    with:
      splits: { train: training, validation: validation, test: evaluation }
      classes: { "0": stripes, "1": discs }
  extract:
    uses: extract
    inputs: { images: organize.images }
    with: { network: resnet50, weights: seeded, input: { size: [32, 32] }, pool: average }
  train:
    uses: train
    inputs: { features: extract.features }
    with: { hidden: [8, 4], epochs: 3, batchSize: 4, shuffle: epoch }
  report:
    uses: report
    inputs: { model: train.model, features: extract.features, images: organize.images }
  command:
    uses: command
    inputs: { images: organize.images }
    with: { run: "wc -l < \${inputs.images}/images.csv > \${outputs.count}/lines", outputs: [count] }
`;

const archive = zip({ "a.txt": "a", "pictures/b.txt": "b" });

let place: Workplace;
let record: RunRecord;
beforeAll(async () => {
  place = newWorkplace();
  const server = await newFileServer();
  server.put("/pictures.zip", { content: archive });
  const sha256 = createHash("sha256").update(archive).digest("hex");
  place.write("versions.yaml", pipeline.replace("{server}", server.base).replace("{sha256}", sha256));
  expect(await place.flow(["run", "versions.yaml"])).toMatchObject({ code: 0, stderr: "" });
  await server.close();
  record = place.record();
});
afterAll(() => place.remove());

const exact = ["generate", "download", "organize", "extract", "command"];

test.each(exact)("%s makes the same bytes as ever", (id) => {
  const [output] = Object.values(record.steps[id]?.outputs ?? {});
  expectAsEver(id, output?.digest ?? "");
});

// Sums of floating-point numbers depend on the processor: these are compared to a few digits.
test.each([
  ["extract", "extract rows", () => rowValues()],
  ["train", "train history", () => numbersOf("train/model/history.csv")],
  ["report", "report predictions", () => numbersOf("report/report/predictions.csv")],
] as const)("%s: %s are the same as ever", async (type, name, numbers) => {
  const values = await numbers();
  const expected = expectAsEver(`${type}: ${name}`, values, type);
  for (const [at, value] of values.entries())
    expect(value / (expected[at] || 1)).toBeCloseTo(expected[at] ? 1 : 0, 3);
});

function expectAsEver<Value>(name: string, value: Value, type = name): Value {
  const all = existsSync(golden) ? JSON.parse(readFileSync(golden, "utf8")) : {};
  const key = `${name} (version ${stepTypes.get(type)?.version})`;
  if (process.env.UPDATE_GOLDEN) {
    all[key] = value;
    writeFileSync(golden, `${JSON.stringify(all, null, 1)}\n`);
  }
  expect(Object.keys(all)).toContain(key);
  if (typeof value === "string") expect(value).toBe(all[key]);
  else expect((all[key] as number[]).length).toBe((value as number[]).length);
  return all[key] as Value;
}

/** Means over 64 values each, of all rows in the order of the index. */
async function rowValues(): Promise<number[]> {
  const { store } = JSON.parse(
    readFileSync(join(place.root, "runs/latest/extract/features/features.json"), "utf8"),
  );
  const entry = place.entries().find((name) => name.startsWith(store)) ?? "";
  const values = await storedRows(join(place.root, ".flow/stores", entry), 2048);
  const means: number[] = [];
  for (let at = 0; at < 2048; at += 64) {
    means.push(values.subarray(at, at + 64).reduce((sum, value) => sum + value, 0) / 64);
  }
  return means;
}

function numbersOf(path: string): number[] {
  const text = readFileSync(join(place.root, "runs/latest", path), "utf8");
  return [...text.matchAll(/(?<=[,\n])\d+(\.\d+)?(e-?\d+)?(?=[,\n])/g)].map(([number]) => Number(number));
}
