import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newWorkplace, repository, type Workplace } from "../cli/flow.ts";
import { storedRows } from "../features/stored-rows.ts";
import { tinyModel } from "../networks/tiny-model.ts";

const pictures = join(repository, "test/golden/pixels");
const names = ["exif-rotated", "full-chroma", "grey", "progressive", "rgb"].map((name) => `${name}.jpg`);

const organize = `
name: data
steps:
  splits:
    uses: organize
    inputs: { source: ./data }
    with:
      splits: { train: training, test: evaluation }
      classes: { "0": zebra, "1": apple }
`;

const extract = `${organize}  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, input: { size: [32, 32] }, pool: average }
  head:
    uses: train
    inputs: { features: features.features }
    with: { hidden: [4], epochs: 2, batchSize: 3 }
`;

let place: Workplace;
beforeEach(() => {
  place = newWorkplace();
  for (const split of ["training", "evaluation"]) {
    mkdirSync(join(place.root, "data", split), { recursive: true });
    for (const [at, name] of names.entries()) {
      cpSync(join(pictures, name), join(place.root, "data", split, `${at % 2}_${split}${at}.jpg`));
    }
  }
});
afterEach(() => place.remove());

async function failure(pipeline: string, ...args: string[]): Promise<string> {
  place.write("p.yaml", pipeline);
  const { code, stderr } = await place.flow(["run", "p.yaml", ...args]);
  expect(code, stderr).toBe(1);
  return stderr;
}

function output(path: string): string {
  return readFileSync(join(place.root, "runs/latest", path), "utf8");
}

describe("organize", () => {
  test("writes images.csv in canonical order, labels in code-unit order of the class names", async () => {
    writeFileSync(join(place.root, "data/training/notes.txt"), "no picture");
    mkdirSync(join(place.root, "data/training/__MACOSX"));
    writeFileSync(join(place.root, "data/training/__MACOSX/._0_x.jpg"), "");
    place.write("p.yaml", organize);
    expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
    const [header, ...lines] = output("splits/images/images.csv").trimEnd().split("\n");
    expect(header).toBe("split,class,label,file,digest,width,height");
    expect(lines).toEqual([...lines].sort());
    expect(lines[0]).toMatch(/^test,apple,0,1_evaluation1\.jpg,sha256:[0-9a-f]{64},112,72$/);
    expect(lines.at(-1)).toMatch(/^train,zebra,1,0_training/);
    expect(place.record().steps.splits?.metrics).toMatchObject({ images: lines.length, skipped: 1 });
    const copied = readFileSync(join(place.root, "runs/latest/splits/images/train/zebra/0_training0.jpg"));
    expect(copied.equals(readFileSync(join(place.root, "data/training/0_training0.jpg")))).toBe(true);
  });

  test("takes classes from folders and from a CSV", async () => {
    for (const split of ["training", "evaluation"]) {
      for (const file of readdirSync(join(place.root, "data", split))) {
        const folder = join(place.root, "folders", split, file.startsWith("0") ? "stripes" : "dots");
        mkdirSync(folder, { recursive: true });
        cpSync(join(place.root, "data", split, file), join(folder, file));
      }
    }
    const folders = organize
      .replace("./data", "./folders")
      .replace('{ "0": zebra, "1": apple }', "{ stripes: zebra, dots: apple }\n      classFrom: folder");
    place.write("p.yaml", folders);
    expect((await place.flow(["run", "p.yaml"])).code).toBe(0);
    const byFolder = output("splits/images/images.csv");
    const lines = names.flatMap((_, at) =>
      ["training", "evaluation"].map(
        (split) => `${split}/${at % 2}_${split}${at}.jpg,${at % 2 ? "dots" : "stripes"}`,
      ),
    );
    place.write("labels.csv", `file,class\r\n${lines.join("\r\n")}\r\n`);
    const csv = organize
      .replace("source: ./data", "source: ./data, labels: ./labels.csv")
      .replace('{ "0": zebra, "1": apple }', "{ stripes: zebra, dots: apple }\n      classFrom: csv");
    place.write("p.yaml", csv);
    expect((await place.flow(["run", "p.yaml"])).code).toBe(0);
    expect(output("splits/images/images.csv")).toBe(byFolder);
  });

  test("names every picture without a class, every empty split and every missing class", async () => {
    writeFileSync(join(place.root, "data/training/7_x.jpg"), "");
    writeFileSync(join(place.root, "data/evaluation/plain.jpg"), "");
    const unknown = await failure(organize);
    expect(unknown).toMatch(/the class of 2 pictures is not known \(classes has 0, 1\):/);
    expect(unknown).toMatch(/training\/7_x\.jpg \("7"\)/);
    expect(unknown).toMatch(/evaluation\/plain\.jpg/);
    rmSync(join(place.root, "data/training/7_x.jpg"));
    rmSync(join(place.root, "data/evaluation"), { recursive: true });
    mkdirSync(join(place.root, "data/evaluation"));
    for (const name of readdirSync(join(place.root, "data/training"))) {
      if (name.startsWith("1")) rmSync(join(place.root, "data/training", name));
    }
    const gaps = await failure(organize);
    expect(gaps).toMatch(/split train \(folder training\) has no picture of class apple/);
    expect(gaps).toMatch(/split test: the source has no folder evaluation with files in it/);
    writeFileSync(join(place.root, "data/evaluation/notes.txt"), "");
    expect(await failure(organize)).toMatch(/split test \(folder evaluation\) has no pictures/);
  });

  test("takes a file that is no picture, without a size, and says how many there are", async () => {
    writeFileSync(join(place.root, "data/training/0_a.jpg"), "text");
    writeFileSync(join(place.root, "data/training/1_b.jpg"), "");
    place.write("p.yaml", organize);
    expect((await place.flow(["run", "p.yaml"])).code).toBe(0);
    expect(output("splits/images/images.csv")).toMatch(/^train,zebra,1,0_a\.jpg,sha256:[0-9a-f]+,,$/m);
    const { metrics, outputs } = place.record().steps.splits ?? {};
    expect(metrics).toMatchObject({ unreadable: 2 });
    expect(outputs?.images?.notes).toContain(
      "2 pictures cannot be read: train/apple/1_b.jpg, train/zebra/0_a.jpg.",
    );
  });
});

describe("extract", () => {
  test("names every picture that is cut short, keeps the rows of all others, and computes only what is mended", async () => {
    const file = (name: string): string => join(place.root, "data/training", name);
    const whole = readFileSync(file("0_training0.jpg"));
    // Another picture with each name, so that no other row has their digest.
    writeFileSync(file("0_cut.jpg"), whole.subarray(0, whole.length - 700));
    writeFileSync(file("1_cut.jpg"), whole.subarray(0, whole.length - 600));
    const text = await failure(extract, "--until", "features");
    expect(text).toMatch(/2 images cannot be read; the features of all others are kept:/);
    expect(text).toMatch(/\n {2}train\/zebra\/0_cut\.jpg: [^\n]+\n/);
    expect(text).toMatch(/\n {2}train\/apple\/1_cut\.jpg: [^\n]+\n/);
    expect(place.record().steps.features?.metrics).toMatchObject({ failed: 2 });
    const computed = Number(place.record().steps.features?.metrics.computed);
    for (const name of ["0_cut.jpg", "1_cut.jpg"]) rmSync(file(name));
    expect((await place.flow(["run", "p.yaml"])).code).toBe(0);
    expect(place.record().steps.features?.metrics).toMatchObject({ computed: 0, failed: 0 });
    expect(computed).toBeGreaterThan(0);
  });

  test("writes an index, a manifest, and rows that NumPy can read", async () => {
    place.write("p.yaml", extract);
    expect((await place.flow(["run", "p.yaml"])).code).toBe(0);
    const index = output("features/features/index.csv").trimEnd().split("\n");
    expect(index[0]).toBe("split,class,label,file,digest");
    expect(index).toHaveLength(1 + 2 * names.length);
    const manifest = JSON.parse(output("features/features/features.json"));
    expect(manifest).toMatchObject({
      dtype: "float32",
      shape: [2048],
      network: "resnet50",
      layer: "conv5_block3_out",
      weights: "seeded",
      pool: "average",
      preprocessing: { size: [32, 32], scaling: "caffe" },
    });
    const [segment = ""] = place.entries().filter((name) => name.startsWith(manifest.store));
    const folder = join(place.root, ".flow/stores", segment);
    const rows = await storedRows(folder, 2048);
    const count = rows.length / 2048;
    const [mask, values, counts] = ["mask", "values", "counts"].map((name) =>
      npy(join(folder, `${name}.npy`)),
    );
    // A ReLU's: many are zero.
    expect(mask?.header).toContain(`'descr': '|u1', 'fortran_order': False, 'shape': (${count}, 256)`);
    expect(counts?.header).toContain(`'descr': '<u4', 'fortran_order': False, 'shape': (${count},)`);
    const nonZero = rows.filter((value) => value !== 0);
    expect(values?.header).toContain(`'descr': '<f4', 'fortran_order': False, 'shape': (${nonZero.length},)`);
    expect(new Float32Array(Uint8Array.from(values?.data ?? []).buffer)).toEqual(nonZero);
    // Notes travel with what is made from it.
    expect(place.record().steps.head?.outputs.model?.notes).toContain(
      "the network's weights are seeded: random, not learned from ImageNet.",
    );
  });
});

describe("rows kept as float16", () => {
  const halves = extract.replace("pool: average }", "pool: average, dtype: float16 }");

  test("are those of float32, rounded; each kind has its own, and what follows reads both", async () => {
    place.write("p.yaml", extract);
    expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
    const whole = await rowsByDigest();
    place.write("p.yaml", halves);
    expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
    expect(place.record().steps.features?.metrics).toMatchObject({ computed: whole.size });
    expect(place.record().steps.head?.outcome).toBe("ran");
    const manifest = JSON.parse(output("features/features/features.json"));
    expect(manifest).toMatchObject({ dtype: "float16", shape: [2048] });
    const rounded = await rowsByDigest();
    expect([...rounded.keys()].sort()).toEqual([...whole.keys()].sort());
    let largest = 0;
    for (const [digest, row] of rounded) {
      for (const [at, value] of row.entries()) {
        const exact = whole.get(digest)?.[at] as number;
        // Half of the last of 11 binary digits; below 2^-14, of 2^-24.
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.max(Math.abs(exact) * 2 ** -11, 2 ** -25));
        if (exact > 2 ** -14) largest = Math.max(largest, Math.abs(value - exact) / exact);
      }
    }
    expect(largest).toBeGreaterThan(2 ** -13);
    place.write("p.yaml", extract);
    expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
    expect(place.record().steps.features?.outcome).toBe("cached");
  });

  test("are refused where a value is too large, with the picture", async () => {
    mkdirSync(join(place.root, "net"));
    const network = tinyModel({ size: [8, 8], paths: ["one.bin"] });
    place.write("net/model.json", JSON.stringify(network));
    place.write("net/one.bin", Buffer.from(Float32Array.from([300, 0, 0, 0, 0, 0, 0, 0]).buffer));
    const large = (dtype: string): string => `${organize}  features:
    uses: extract
    inputs: { images: splits.images, network: ./net }
    with: { layer: conv, input: { scaling: none }, dtype: ${dtype} }
`;
    expect(await failure(large("float16"))).toMatch(
      /the network gives \d+ for (train|test)\/(zebra|apple)\/\d_\w+\d\.jpg, and float16 ends at 65504: take `dtype: float32`/,
    );
    place.write("p.yaml", large("float32"));
    expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
  });

  async function rowsByDigest(): Promise<Map<string, Float32Array>> {
    const { store } = JSON.parse(output("features/features/features.json"));
    const found = new Map<string, Float32Array>();
    for (const name of place.entries().filter((name) => name.startsWith(store))) {
      const folder = join(place.root, ".flow/stores", name);
      const rows = await storedRows(folder, 2048);
      const { digests } = JSON.parse(readFileSync(join(folder, "entry.json"), "utf8")).about;
      for (const [at, digest] of digests.entries())
        found.set(digest, rows.subarray(at * 2048, (at + 1) * 2048));
    }
    return found;
  }
});

function npy(file: string): { readonly header: string; readonly data: Buffer } {
  const bytes = readFileSync(file);
  expect(bytes.subarray(1, 6).toString("latin1")).toBe("NUMPY");
  const start = 10 + bytes.readUInt16LE(8);
  return { header: bytes.subarray(10, start).toString("latin1"), data: bytes.subarray(start) };
}

describe("train", () => {
  test("fails when the loss is no number any more, naming epoch, step and learning rate", async () => {
    const text = await failure(
      extract.replace("epochs: 2", "epochs: 40, optimizer: { kind: sgd, learningRate: 1e30 }"),
    );
    expect(text).toMatch(
      /the loss is not a finite number any more in epoch \d+, step \d+ \(learning rate 1e\+30; the batch is train\/apple\/1_/,
    );
  });

  test("writes a history without times", async () => {
    place.write("p.yaml", extract);
    await place.flow(["run", "p.yaml"]);
    const [header, first, second, ...rest] = output("head/model/history.csv").trimEnd().split("\n");
    expect(header).toBe("epoch,loss,accuracy,validationLoss,validationAccuracy");
    expect(first).toMatch(/^1,[\d.]+,[\d.]+,,$/);
    expect(second).toMatch(/^2,/);
    expect(rest).toEqual([]);
    const model = JSON.parse(output("head/model/model.json"));
    expect(model).toMatchObject({
      classes: ["apple", "zebra"],
      inputLength: 2048,
      layers: [
        { units: 4, activation: "relu" },
        { units: 2, activation: "softmax" },
      ],
    });
    const weights = readFileSync(join(place.root, "runs/latest/head/model/weights.bin"));
    expect(weights.length).toBe(4 * (2048 * 4 + 4 + 4 * 2 + 2));
  });

  test("shuffles once, every epoch, or not at all: each is another result", async () => {
    const digests = new Set<string | undefined>();
    for (const shuffle of ["once", "epoch", "none"]) {
      place.write("p.yaml", extract.replace("epochs: 2", `epochs: 2, shuffle: ${shuffle}`));
      await place.flow(["run", "p.yaml"]);
      digests.add(place.record().steps.head?.outputs.model?.digest);
    }
    expect(digests.size).toBe(3);
  });
});
