import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPixels } from "../../steps/vision/pixels/pixels.ts";
import type { View } from "../../steps/vision/pixels/view.ts";
import { newWorkplace, repository, type Workplace } from "../cli/flow.ts";
import { storedRows } from "../features/stored-rows.ts";

const golden = join(repository, "test/golden/resizing");
/** Values that a row has. */
const WIDTH = 2048;

/** The part of places.png (120 × 80) that a crop shows: red and green say where a pixel comes from. */
async function partOf(view: View): Promise<{ left: number; top: number; right: number; bottom: number }> {
  const pixels = new Uint8Array(400 * 400 * 3);
  await readPixels(join(golden, "places.png"), { size: [400, 400], view }, pixels);
  const last = pixels.length - 3;
  const [left, top, right, bottom] = [pixels[0], pixels[1], pixels[last], pixels[last + 1]] as number[];
  return { left: left ?? 0, top: top ?? 0, right: (right ?? 0) + 1, bottom: (bottom ?? 0) + 1 };
}

test("a crop is 60 to 100 % of the picture, 3:4 to 4:3, anywhere in it", async () => {
  const parts = [];
  for (let number = 0; number < 200; number++)
    parts.push(await partOf({ kind: "crop", seed: 0, word: `a ${number}` }));
  for (const { left, top, right, bottom } of parts) {
    const [width, height] = [right - left, bottom - top];
    expect((width * height) / (120 * 80)).toBeGreaterThan(0.59);
    expect(width / height).toBeGreaterThan(0.74);
    expect(width / height).toBeLessThan(1.35);
    expect(right).toBeLessThanOrEqual(120);
    expect(bottom).toBeLessThanOrEqual(80);
  }
  const range = (values: number[]): number => Math.max(...values) - Math.min(...values);
  expect(range(parts.map(({ left }) => left))).toBeGreaterThan(25);
  expect(range(parts.map(({ top }) => top))).toBeGreaterThan(5);
  expect(range(parts.map(({ left, right }) => right - left))).toBeGreaterThan(15);
});

test("what a crop shows is decided by seed and word alone", async () => {
  const crop = { kind: "crop", seed: 3, word: "a 1" } as const;
  const part = await partOf(crop);
  expect(await partOf({ ...crop })).toEqual(part);
  expect(await partOf({ ...crop, seed: 4 })).not.toEqual(part);
  expect(await partOf({ ...crop, word: "a 2" })).not.toEqual(part);
});

test("of a picture that is all too long the middle is taken", async () => {
  // 29 × 1 pixels: of these, one is as wide as it is high.
  const file = join(golden, "2.png");
  const whole = new Uint8Array(29 * 3);
  await readPixels(file, { size: [1, 29] }, whole);
  const pixels = new Uint8Array(4 * 4 * 3);
  const view = { kind: "crop", seed: 0, word: "" } as const;
  await readPixels(file, { size: [4, 4], resize: "bicubic", view }, pixels);
  const middle = [...whole.subarray(14 * 3, 15 * 3)];
  expect([...pixels]).toEqual(Array.from({ length: 16 }, () => middle).flat());
});

let place: Workplace;
beforeAll(() => {
  place = newWorkplace();
  const pictures = {
    training: ["1.png", "2.png", "scene.png"],
    validation: ["4.png", "6.png"],
    evaluation: ["1.png"],
  };
  for (const [split, names] of Object.entries(pictures)) {
    for (const [at, name] of names.entries()) add(split, name, at % 2);
  }
  add("evaluation", "mirrored.png", 1);
});
afterAll(() => place.remove());

function add(split: string, name: string, label: number): void {
  mkdirSync(join(place.root, "data", split), { recursive: true });
  cpSync(join(golden, name), join(place.root, "data", split, `${label}_${name}`));
}

const pipeline = (augment: string): string => `
name: views
steps:
  organize:
    uses: organize
    inputs: { source: ./data }
    with:
      splits: { train: training, validation: validation, test: evaluation }
      classes: { "0": a, "1": b }
  extract:
    uses: extract
    inputs: { images: organize.images }
    with: { network: resnet50, weights: seeded, pool: average, input: { size: [32, 32] }${augment} }
  train:
    uses: train
    inputs: { features: extract.features }
    with: { hidden: [4], epochs: 1 }
  report:
    uses: report
    inputs: { model: train.model, features: extract.features, images: organize.images }
`;

async function figures(augment: string): Promise<unknown> {
  place.write("p.yaml", pipeline(augment));
  expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
  const { images, computed, reused, failed } = place.record().steps.extract?.metrics ?? {};
  return { images, computed, reused, failed };
}

const output = (path: string): string => readFileSync(join(place.root, "runs/latest", path), "utf8");
const digest = (): string => Object.values(place.record().steps.extract?.outputs ?? {})[0]?.digest ?? "";

test("each view is computed once, of training images alone", async () => {
  // 1.png is twice: in train and in test.
  expect(await figures("")).toEqual({ images: 7, computed: 6, reused: 1, failed: 0 });
  const plain = digest();
  const history = output("train/model/history.csv");
  expect(output("extract/features/index.csv")).toMatch(/^split,class,label,file,digest\n/);

  expect(await figures(", augment: { flip: true }")).toMatchObject({ images: 10, computed: 3, reused: 7 });
  const both = ", augment: { flip: true, crops: 2 }";
  expect(await figures(both)).toMatchObject({ images: 16, computed: 6, reused: 10 });
  const [header, ...lines] = output("extract/features/index.csv").trimEnd().split("\n");
  expect(header).toBe("split,class,label,file,digest,view");
  const seen = lines.map((line) => line.replace(/,sha256:\w+/, ""));
  expect(seen).toEqual([
    "test,a,0,0_1.png,",
    "test,b,1,1_mirrored.png,",
    ...["", "crop-1", "crop-2", "flip"].map((view) => `train,a,0,0_1.png,${view}`),
    ...["", "crop-1", "crop-2", "flip"].map((view) => `train,a,0,0_scene.png,${view}`),
    ...["", "crop-1", "crop-2", "flip"].map((view) => `train,b,1,1_2.png,${view}`),
    "validation,a,0,0_4.png,",
    "validation,b,1,1_6.png,",
  ]);
  expect(output("train/model/history.csv")).not.toBe(history);
  expect(output("report/report/predictions.csv").trimEnd().split("\n")).toHaveLength(1 + 2);

  expect(await figures(", augment: { crops: 3, seed: 7 }")).toMatchObject({ computed: 9, reused: 7 });
  expect(output("extract/features/index.csv")).toContain(",crop-3-seed-7\n");
  expect(await figures(", augment: {}")).toMatchObject({ images: 7, computed: 0 });
  expect(digest()).toBe(plain);

  add("training", "5.png", 1);
  expect(await figures(both)).toMatchObject({ images: 20, computed: 4 });
});

test("the row of a flipped image is that of its mirror image", async () => {
  const rows = new Map<string, Float32Array>();
  for (const entry of place.entries()) {
    const folder = join(place.root, ".flow/stores", entry);
    const { digests } = JSON.parse(readFileSync(join(folder, "entry.json"), "utf8")).about;
    // The head's checkpoints have none.
    if (digests === undefined) continue;
    const values = await storedRows(folder, WIDTH);
    for (const [at, name] of digests.entries()) rows.set(name, values.slice(at * WIDTH, (at + 1) * WIDTH));
  }
  const named = (file: string): string =>
    output("organize/images/images.csv").match(new RegExp(`${file},(sha256:\\w+)`))?.[1] ?? "";
  const mirrored = rows.get(named("1_mirrored.png"));
  expect(mirrored?.length).toBe(WIDTH);
  expect(rows.get(`${named("0_scene.png")} flip`)).toEqual(mirrored);
  expect(rows.get(named("0_scene.png"))).not.toEqual(mirrored);
});

test("a training image that cannot be read is named once, whatever its views", async () => {
  const whole = readFileSync(join(repository, "test/golden/pixels/rgb.jpg"));
  writeFileSync(join(place.root, "data/training/0_cut.jpg"), whole.subarray(0, whole.length / 2));
  place.write("p.yaml", pipeline(", augment: { flip: true, crops: 2 }"));
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(1);
  expect(stderr).toContain("an image cannot be read");
  expect(stderr.match(/0_cut\.jpg/g)).toHaveLength(1);
});
