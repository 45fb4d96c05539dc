import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openCache } from "../../engine/cache/cache.ts";
import type { Store } from "../../engine/store.ts";
import { newSegment } from "../../steps/learning/features/segments.ts";
import { type FeatureRow, writeIndex } from "../../steps/learning/tables/features.ts";
import { type FeaturesManifest, writeManifest } from "../../steps/learning/tables/manifest.ts";
import { newWorkplace, type Workplace } from "../cli/flow.ts";

const WIDTH = 32;

let place: Workplace;
beforeEach(async () => {
  place = newWorkplace();
  await writeFeatures(10);
});
afterEach(() => place.remove());

/** A folder of features with so many training rows, as an extract step leaves them. */
async function writeFeatures(training: number): Promise<void> {
  const { stores } = openCache(join(place.root, ".flow"));
  const name = { type: "extract", name: "drawn" };
  const store = stores.id(name);
  const publish: Store["publish"] = (entry, write) => stores.publish(store, name, entry, write);
  const segment = newSegment({ publish } as Store, {
    ...{ rowLength: WIDTH, dtype: "float32", device: "cpu", decoding: 2, capacity: 256 },
    nameOf: (digest) => digest,
  });
  const index = Array.from({ length: training + 4 }, (_, row): FeatureRow => {
    const [split, label] = [row < training ? ("train" as const) : ("validation" as const), row % 2];
    const digest = `sha256:${row.toString(16).padStart(64, "0")}`;
    return { split, class: label === 0 ? "a" : "b", label, file: `${row}.jpg`, digest };
  });
  for (const { digest, label } of index) await segment.add([digest], async (into) => void into.fill(label));
  await segment.finish();
  const folder = join(place.root, "features");
  mkdirSync(folder, { recursive: true });
  await writeIndex(folder, index);
  await writeManifest(folder, {
    ...{ store, dtype: "float32", shape: [WIDTH], network: "resnet50", layer: "l", weights: "drawn" },
    ...{ pool: "none", runtime: "onnxruntime", precision: "float32", decoding: 2 },
    preprocessing: { size: [32, 32], scaling: "caffe" } as FeaturesManifest["preprocessing"],
  });
}

/** The features by their path, or made by a step. */
function pipeline(features: "./features" | "made.features", choices = "method: auto"): string {
  const made = `
  made:
    uses: command
    inputs: { from: ./features }
    with: { run: "cp -R \${inputs.from}/. \${outputs.features}", outputs: [features] }`;
  return `
name: head
steps:${features === "made.features" ? made : ""}
  head:
    uses: train
    inputs: { features: ${features} }
    with: { hidden: [4], epochs: 2, batchSize: 4, ${choices} }
`;
}

async function plan(text: string) {
  place.write("p.yaml", text);
  const { stdout } = await place.flow(["plan", "p.yaml", "--json"]);
  const { steps } = JSON.parse(stdout) as { steps: readonly (Record<string, unknown> & { id: string })[] };
  return steps.find(({ id }) => id === "head");
}

async function planText(text: string): Promise<string> {
  place.write("p.yaml", text);
  return (await place.flow(["plan", "p.yaml"])).stdout;
}

async function run(text: string) {
  place.write("p.yaml", text);
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code, stderr).toBe(0);
  return place.record().steps.head;
}

test("auto has the key of what it comes to", async () => {
  const auto = await run(pipeline("./features"));
  expect(auto).toMatchObject({ outcome: "ran", params: { method: "sampleSpace" } });
  expect(auto?.metrics.method).toBe("sampleSpace");
  const written = await run(pipeline("./features", "method: sampleSpace"));
  expect(written).toMatchObject({ outcome: "cached", key: auto?.key, params: { method: "sampleSpace" } });
  expect(await run(pipeline("./features"))).toMatchObject({ outcome: "cached", params: written?.params });
  expect((await plan(pipeline("./features", "method: direct")))?.reasons).toMatchObject([
    { kind: "param-changed", path: "method", old: "sampleSpace", new: "direct" },
  ]);
  const set = await place.flow(["plan", "p.yaml", "--json", "-S", "steps.head.with.method=sampleSpace"]);
  expect(JSON.parse(set.stdout).steps[0]).toMatchObject({ state: "cached", key: auto?.key });
});

test("the plan says auto until the features are there", async () => {
  const text = pipeline("made.features");
  expect(await plan(text)).toMatchObject({ state: "run", params: { method: "auto" } });
  expect(await planText(text)).toContain("method: auto (until its inputs are there)");
  expect(await run(text)).toMatchObject({ outcome: "ran", params: { method: "sampleSpace" } });
  expect(await plan(text)).toMatchObject({ state: "cached", params: { method: "sampleSpace" } });
  expect(await planText(text)).toContain("cached    method: sampleSpace (by its inputs)");
});

test("rows that turn it are a reason, with both values", async () => {
  await run(pipeline("./features"));
  await writeFeatures(WIDTH + 8);
  expect(await plan(pipeline("./features"))).toMatchObject({
    state: "run",
    params: { method: "direct" },
    reasons: [
      { kind: "param-changed", path: "method", old: "sampleSpace", new: "direct" },
      { kind: "input-changed", input: "features" },
    ],
  });
  expect(await planText(pipeline("./features"))).toContain('method: "sampleSpace" → "direct" (line 7)');
  expect(await run(pipeline("./features"))).toMatchObject({ outcome: "ran", params: { method: "direct" } });
});

test("what takes more than memory starts nothing", async () => {
  const text = pipeline("./features", 'method: sampleSpace, memory: "0.001MB"');
  const sentence = /training 10 rows of 32 values takes .*: set `memory: /;
  expect(await plan(text)).toMatchObject({ state: "blocked", refused: expect.stringMatching(sentence) });
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(sentence);
  const made = pipeline("made.features", 'method: sampleSpace, memory: "0.001MB"');
  place.write("p.yaml", made);
  const late = await place.flow(["run", "p.yaml"]);
  expect(late.code).toBe(1);
  expect(late.stderr).toMatch(sentence);
});

test("a folder that holds no features is refused before anything runs", async () => {
  mkdirSync(join(place.root, "none"));
  place.write("none/other.txt", "");
  place.write("p.yaml", pipeline("./features").replace("./features", "./none"));
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(2);
  expect(stderr).toMatch("features.json is missing: this is not the output of an extract step");
});
