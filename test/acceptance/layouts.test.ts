import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { writeTar } from "../archives/write-tar.ts";
import { writeZip } from "../archives/write-zip.ts";
import { newWorkplace, repository, type Workplace } from "../cli/flow.ts";

const data = join(repository, "../shared/data");
const isThere = existsSync(join(data, "photos"));
// biome-ignore lint/suspicious/noConsole: a skip says why
if (!isThere) console.log(`skipped: real photographs are not there (${data})`);

interface Photo {
  readonly split: "training" | "validation" | "evaluation";
  readonly class: "food" | "non_food";
  readonly name: string;
  readonly from: string;
}

const photos: readonly Photo[] = !isThere
  ? []
  : (["training", "validation", "evaluation"] as const).flatMap((split) =>
      readdirSync(join(data, "photos", split)).map((name) => ({
        split,
        name,
        class: name.startsWith("1_") ? ("food" as const) : ("non_food" as const),
        from: join(data, "photos", split, name),
      })),
    );

// One cache for all: what a picture looks like to the network depends on no layout.
const place: Workplace = newWorkplace();
afterAll(() => place.remove());

/** Copies the photographs to where a layout has them; `undefined` leaves one out. */
function spread(folder: string, pathOf: (photo: Photo) => string): string {
  for (const photo of photos) {
    const to = join(place.root, folder, pathOf(photo));
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(photo.from, to);
  }
  return `./${folder}`;
}

const items = (pathOf: (photo: Photo) => string) =>
  photos.map((photo) => ({ name: pathOf(photo), content: readFileSync(photo.from) }));

function file(name: string, content: Buffer | string): string {
  mkdirSync(dirname(join(place.root, name)), { recursive: true });
  writeFileSync(join(place.root, name), content);
  return `./${name}`;
}

const words = { training: "train", validation: "val", evaluation: "test" } as const;
const shares = "{ splits: { train: 0.6, validation: 0.2, test: 0.2 } }";

function table(line: (photo: Photo) => string, header: readonly string[], name: string): string {
  spread("listed", (photo) => photo.from.split("/").slice(-2).join("/"));
  return file(`listed/${name}`, [...header, ...photos.map(line), ""].join("\n"));
}

/** Samples as webdataset has them: a picture and, beside it, its class. */
function shard(of: readonly Photo[]): Buffer {
  return writeTar(
    of.flatMap((photo, at) => [
      { name: `${String(at).padStart(6, "0")}.jpg`, content: readFileSync(photo.from) },
      { name: `${String(at).padStart(6, "0")}.cls`, content: photo.class === "food" ? "1" : "0" },
    ]),
  );
}

const layouts: readonly {
  readonly name: string;
  readonly source: () => string;
  readonly params?: string;
}[] = [
  {
    name: "split/class/file",
    source: () => spread("a", (photo) => `${words[photo.split]}/${photo.class}/${photo.name}`),
  },
  {
    name: "class/file, dealt out by shares",
    source: () => spread("b", (photo) => `${photo.class}/${photo.split}-${photo.name}`),
    params: shares,
  },
  { name: "split/prefix_file", source: () => spread("c", (photo) => `${photo.split}/${photo.name}`) },
  {
    name: "prefix_file, dealt out by shares",
    source: () => spread("d", (photo) => photo.name.replace("_", `_${photo.split}_`)),
    params: shares,
  },
  {
    name: "CSV",
    source: () =>
      table(
        ({ split, name, class: word }) => `${split}/${name},${word},${words[split]}`,
        ["file,class,split"],
        "all.csv",
      ),
  },
  {
    name: "JSONL",
    source: () =>
      table(
        ({ split, name, class: word }) => JSON.stringify({ file: `${split}/${name}`, class: word, split }),
        [],
        "all.jsonl",
      ),
  },
  {
    name: "zip of split/class/file, in a folder",
    source: () =>
      file("e/all.zip", writeZip(items((photo) => `photos/${photo.split}/${photo.class}/${photo.name}`))),
  },
  {
    name: "tar of split/prefix_file",
    source: () => file("f.tar", writeTar(items((photo) => `${photo.split}/${photo.name}`))),
  },
  {
    name: "tar.gz of split/class/file",
    source: () =>
      file("g.tar.gz", gzipSync(writeTar(items((photo) => `${photo.split}/${photo.class}/${photo.name}`)))),
  },
  {
    name: "shards as webdataset writes them",
    source() {
      for (const [split, word] of Object.entries(words)) {
        const of = photos.filter((photo) => photo.split === split);
        const half = Math.ceil(of.length / 2);
        file(`h/food-${word}-000000.tar`, shard(of.slice(0, half)));
        file(`h/food-${word}-000001.tar`, shard(of.slice(half)));
      }
      return "./h";
    },
  },
];

describe.skipIf(!isThere)("real photographs and a pretrained network", () => {
  let computed = 0;
  test.each(layouts)(
    "$name: at least 95 of 100, and no picture computed twice",
    async ({ source, params = "{}" }) => {
      place.write(
        "p.yaml",
        `
name: layouts
steps:
  splits: { uses: organize, inputs: { source: ${source()} }, with: ${params} }
  features:
    uses: extract
    inputs: { images: splits.images, network: ${data}/networks/v2_1.0_224 }
    with: { layer: global_average_pooling2d, input: { scaling: { mean: 128, std: 128 } } }
  head:
    uses: train
    inputs: { features: features.features }
    with: { hidden: [64], optimizer: { kind: sgd, learningRate: 1e-2, momentum: 0.9 }, epochs: 30 }
  report:
    uses: report
    inputs: { model: head.model, features: features.features, images: splits.images }
`,
      );
      const { code, stderr } = await place.flow(["run", "p.yaml"]);
      expect(stderr).toBe("");
      expect(code).toBe(0);
      const { steps } = place.record();
      expect(steps.splits?.metrics).toMatchObject({ images: 462, unreadable: 0 });
      computed += steps.features?.outcome === "cached" ? 0 : Number(steps.features?.metrics.computed);
      expect(computed).toBe(462);
      expect(steps.report?.metrics.accuracy).toBeGreaterThanOrEqual(0.95);
    },
  );
});
