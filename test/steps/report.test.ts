import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newWorkplace, repository, type Workplace } from "../cli/flow.ts";

const pictures = join(repository, "test/golden/pixels");
const names = ["rgb", "grey", "progressive", "full-chroma"].map((name) => `${name}.jpg`);

const features = `
name: report
steps:
  splits:
    uses: organize
    inputs: { source: ./data }
    with: { splits: { train: training, test: evaluation }, classes: { "0": zebra, "1": apple } }
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, input: { size: [32, 32] }, pool: average }
`;
const head = (parameters = "hidden: [4], epochs: 2, batchSize: 3"): string => `  head:
    uses: train
    inputs: { features: features.features }
    with: { ${parameters} }
`;
const report = (from = "features"): string => `  report:
    uses: report
    inputs: { model: head.model, features: ${from}.features, images: splits.images }
`;

let place: Workplace;
beforeEach(() => {
  place = newWorkplace();
  for (const split of ["training", "evaluation"]) {
    mkdirSync(join(place.root, "data", split), { recursive: true });
    for (const [at, name] of names.entries()) {
      cpSync(join(pictures, name), join(place.root, "data", split, `${at % 2}_${at}.jpg`));
    }
  }
});
afterEach(() => place.remove());

async function run(pipeline: string) {
  place.write("p.yaml", pipeline);
  return place.flow(["run", "p.yaml"]);
}

function output(path: string): string {
  return readFileSync(join(place.root, "runs/latest", path), "utf8");
}

test("predictions name the picture, its class and the one predicted, and what each class has", async () => {
  expect((await run(features + head() + report())).code).toBe(0);
  const [header, ...lines] = output("report/report/predictions.csv").trimEnd().split("\n");
  expect(header).toBe("file,label,predicted,p_apple,p_zebra");
  expect(lines.map((line) => line.split(",").slice(0, 2).join(" "))).toEqual([
    "1_1.jpg apple",
    "1_3.jpg apple",
    "0_0.jpg zebra",
    "0_2.jpg zebra",
  ]);
  for (const line of lines) {
    const [, , predicted, apple, zebra] = line.split(",");
    expect(Number(apple) + Number(zebra)).toBeCloseTo(1, 6);
    expect(predicted).toBe(Number(apple) >= Number(zebra) ? "apple" : "zebra");
  }
  // What is doubtful about the pictures is said beside the figures.
  const notes = JSON.parse(output("report/report/report.json")).notes;
  expect(notes).toContainEqual(expect.stringMatching(/^4 pictures are in more than one split: /));
});

test("features that were made otherwise are refused, also where their rows are as long", async () => {
  const other = `  others:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, input: { size: [40, 40], scaling: tf }, pool: average }
`;
  const { code, stderr } = await run(features + other + head() + report("others"));
  expect(code).toBe(1);
  expect(stderr).toContain(
    "the model was trained on other features than these: input size [32,32], here [40,40]; scaling caffe, here tf",
  );
});

test("features that were rounded otherwise are said to be, and count", async () => {
  const others = features
    .slice(features.indexOf("  features:"))
    .replace("features:", "others:")
    .replace("pool: average", "pool: average, dtype: float16");
  const { code, stderr } = await run(features + others + head() + report("others"));
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(JSON.parse(output("report/report/report.json")).notes).toContain(
    "the model was trained on features of the dtype float32; these are of float16.",
  );
});

test("a model whose last step was too far is neither written nor kept", async () => {
  // One step in all: its score is taken before it moves anything.
  const far = head("hidden: [4], epochs: 1, batchSize: 100, optimizer: { kind: sgd, learningRate: 1e38 }");
  const { code, stderr } = await run(features + far + report());
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /what the head computes is not a finite number any more after epoch 1, step 1 \(learning rate 1e\+38\): try a smaller/,
  );
  expect(place.record().steps.report?.outcome).toBe("skipped");
  const weights = readdirSync(join(place.root, ".flow/stores"), { recursive: true, encoding: "utf8" });
  expect(weights.filter((path) => path.endsWith("weights.bin"))).toEqual([]);
});

test("features that are not finite are named by their picture, not blamed on the learning rate", async () => {
  expect((await run(features)).code).toBe(0);
  spoilRow("train");
  const { code, stderr } = await run(features + head());
  expect(code).toBe(1);
  expect(stderr).toMatch(/the features of \w+\/\w+\/\d_\d\.jpg are not finite numbers: look at the network/);
  expect(stderr).not.toContain("learningRate");
});

test("the report names the picture whose features are not finite", async () => {
  // Pictures of the test split alone have the row.
  cpSync(join(pictures, "half-chroma.jpg"), join(place.root, "data/evaluation/0_9.jpg"));
  expect((await run(features + head())).code).toBe(0);
  spoilRow("test/zebra/0_9.jpg");
  const { code, stderr } = await run(features + head() + report());
  expect(code).toBe(1);
  expect(stderr).toContain("the features of test/zebra/0_9.jpg are not finite numbers");
});

/** Puts NaN at the start of the row of the first picture whose place begins like that. */
function spoilRow(prefix: string): void {
  const { store } = JSON.parse(output("features/features/features.json"));
  const line = output("features/features/index.csv")
    .split("\n")
    .find((line) => line.replace(/^(\w+),(\w+),\d,([^,]+),.*$/, "$1/$2/$3").startsWith(prefix));
  const digest = line?.split(",").at(-1) ?? "";
  for (const entry of place.entries().filter((name) => name.startsWith(store))) {
    const folder = join(place.root, ".flow/stores", entry);
    const digests: string[] = JSON.parse(readFileSync(join(folder, "entry.json"), "utf8")).about.digests;
    const row = digests.indexOf(digest);
    if (row < 0) continue;
    // Rows that are packed have their values one after the other, as many as their counts say.
    const counts = existsSync(join(folder, "counts.npy")) ? words(join(folder, "counts.npy")) : undefined;
    const at = counts?.subarray(0, row).reduce((sum, more) => sum + more, 0) ?? row * 2048;
    const file = join(folder, counts === undefined ? "rows.npy" : "values.npy");
    const npy = readFileSync(file);
    npy.writeFloatLE(Number.NaN, 10 + npy.readUInt16LE(8) + at * 4);
    chmodSync(file, 0o644);
    writeFileSync(file, npy);
    return;
  }
  throw new Error(`no entry has ${digest}`);
}

function words(file: string): Uint32Array {
  const npy = readFileSync(file);
  return new Uint32Array(Uint8Array.from(npy.subarray(10 + npy.readUInt16LE(8))).buffer);
}
