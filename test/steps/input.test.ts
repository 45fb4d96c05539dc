import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newWorkplace, type Workplace } from "../cli/flow.ts";

const pipeline = (input: string): string => `
name: input
steps:
  generate:
    uses: generate
    with: { splits: { training: 4, validation: 2, evaluation: 4 }, size: 40 }
  organize:
    uses: organize
    inputs: { source: generate.images }
    with: { splits: { train: training, validation: validation, test: evaluation }, classes: { "0": a, "1": b } }
  extract:
    uses: extract
    inputs: { images: organize.images }
    with: { network: resnet50, weights: seeded, pool: average, input: { size: [32, 32]${input} } }
  train:
    uses: train
    inputs: { features: extract.features }
    with: { hidden: [4], epochs: 1 }
`;

let place: Workplace;
beforeAll(() => {
  place = newWorkplace();
});
afterAll(() => place.remove());

async function computed(): Promise<unknown> {
  const finished = await place.flow(["run", "p.yaml"]);
  expect(finished).toMatchObject({ code: 0, stderr: "" });
  return place.record().steps.extract?.metrics?.computed;
}

const written = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(place.root, "runs/latest", file), "utf8")).preprocessing;

test("what is asked for is in the features and the model, and what is at its default is not", async () => {
  place.write("p.yaml", pipeline(""));
  expect(await computed()).toBe(10);
  expect(written("extract/features/features.json")).toEqual({ size: [32, 32], scaling: "caffe" });
  place.write("p.yaml", pipeline(", resize: nearest, fit: stretch, orient: false, maxPixels: 178956970"));
  expect(await computed()).toBe(10);
  expect(place.record().steps.extract?.outcome).toBe("cached");

  place.write("p.yaml", pipeline(", resize: bilinear, fit: pad, orient: true, maxPixels: 5000"));
  expect(await computed()).toBe(10);
  const chosen = { resize: "bilinear", fit: "pad", orient: true, maxPixels: 5000 };
  expect(written("extract/features/features.json")).toMatchObject(chosen);
  expect(written("train/model/model.json")).toMatchObject(chosen);
});

test("another limit asks anew, and computes nothing", async () => {
  place.write("p.yaml", pipeline(", maxPixels: 1600"));
  expect(await computed()).toBe(0);
  expect(written("extract/features/features.json")).toEqual({
    size: [32, 32],
    scaling: "caffe",
    maxPixels: 1600,
  });
});

test("a model that was trained on pictures of another form is refused", async () => {
  place.write(
    "p.yaml",
    `${pipeline("")}
  others:
    uses: extract
    inputs: { images: organize.images }
    with: { network: resnet50, weights: seeded, pool: average, input: { size: [32, 32], resize: box, fit: crop } }
  report:
    uses: report
    inputs: { model: train.model, features: others.features, images: organize.images }
`,
  );
  const { code, stdout, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(1);
  expect(stdout + stderr).toMatch(/resize nearest, here box; fit stretch, here crop/);
});

test("a picture of 20,000 × 20,000 pixels is organized, and refused before it is decoded", async () => {
  const jpeg = readFileSync(new URL("../golden/pixels/rgb.jpg", import.meta.url));
  const huge = Buffer.from(jpeg);
  // Height and width in the frame header.
  const frame = huge.indexOf(Buffer.from([0xff, 0xc0]));
  huge.writeUInt16BE(20_000, frame + 5);
  huge.writeUInt16BE(20_000, frame + 7);
  const folder = join(place.root, "photos/all");
  for (const name of ["a", "b"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "a/huge.jpg"), huge);
  writeFileSync(join(folder, "b/small.jpg"), jpeg);
  place.write(
    "p.yaml",
    `
name: huge
steps:
  organize:
    uses: organize
    inputs: { source: ./photos }
    with: { splits: { train: all }, classes: { a: a, b: b }, classFrom: folder }
  extract:
    uses: extract
    inputs: { images: organize.images }
    with: { network: resnet50, weights: seeded, pool: average, input: { size: [32, 32] } }
`,
  );
  const { code, stdout, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(1);
  expect(stdout + stderr).toContain(
    "train/a/huge.jpg: it has 20000 × 20000 pixels, more than the 178956970 that are allowed (input.maxPixels raises that)",
  );
  expect(place.record().steps.extract?.metrics).toMatchObject({ computed: 1, failed: 1 });
});
