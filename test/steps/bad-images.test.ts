import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newWorkplace, repository, type Workplace } from "../cli/flow.ts";

const pictures = join(repository, "test/golden/pixels");

const pipeline = (params = "") => `
name: bad
steps:
  splits: { uses: organize, inputs: { source: ./data } }
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, input: { size: [32, 32] }, pool: average${params} }
  head: { uses: train, inputs: { features: features.features }, with: { hidden: [4], epochs: 1 } }
  report: { uses: report, inputs: { model: head.model, features: features.features, images: splits.images } }
`;

let place: Workplace;
beforeEach(() => {
  place = newWorkplace();
  for (const split of ["train", "test"]) {
    for (const name of ["cat", "dog"]) {
      mkdirSync(join(place.root, "data", split, name), { recursive: true });
      const picture = readFileSync(join(pictures, name === "cat" ? "rgb.jpg" : "grey.jpg"));
      for (const number of [1, 2])
        put(`${split}/${name}/${number}.jpg`, Buffer.concat([picture, Buffer.from(`${split}${number}`)]));
    }
  }
});
afterEach(() => place.remove());

function put(path: string, content: Buffer): void {
  writeFileSync(join(place.root, "data", path), content);
}

/** A PNG of so many black pixels, of one bit each: small on disk, and gigabytes where it is decoded to colours. */
function bomb(side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  const lines = deflateSync(Buffer.alloc(side * (1 + Math.ceil(side / 8))));
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", lines),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type), data]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, crc]);
}

async function run(params?: string) {
  place.write("p.yaml", pipeline(params));
  return place.flow(["run", "p.yaml"]);
}

const output = (path: string): string => readFileSync(join(place.root, "runs/latest", path), "utf8");

test("onBadImage: skip leaves them out, with the reasons in skipped.csv, and the report says so", async () => {
  const whole = readFileSync(join(pictures, "rgb.jpg"));
  put("train/cat/cut.jpg", whole.subarray(0, whole.length - 700));
  put("test/dog/large.png", bomb(20_000));
  const failed = await run();
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/2 images cannot be read; the features of all others are kept:/);
  expect(failed.stderr).toMatch(
    /test\/dog\/large\.png: it has 20000 × 20000 pixels, more than the 178956970 that are allowed/,
  );
  expect(failed.stderr).toMatch(/with `onBadImage: skip` they are left out/);

  const { code, stdout } = await run(", onBadImage: skip");
  expect(code).toBe(0);
  const [header, ...lines] = output("features/features/skipped.csv").trimEnd().split("\n");
  expect(header).toBe("split,class,file,digest,reason");
  expect(lines.map((line) => line.split(",").toSpliced(3, 1).slice(0, 3).join("/"))).toEqual([
    "test/dog/large.png",
    "train/cat/cut.jpg",
  ]);
  expect(output("features/features/index.csv")).not.toMatch(/large|cut/);
  const { metrics } = place.record().steps.features ?? {};
  // What was good before has its row.
  expect(metrics).toMatchObject({ images: 10, computed: 0, reused: 8, failed: 2 });
  expect(stdout).toMatch(
    /2 images cannot be read and are left out: test\/dog\/large\.png, train\/cat\/cut\.jpg\./,
  );
});

test("a limit that is lowered counts for pictures whose rows are there", async () => {
  expect((await run()).code).toBe(0);
  const { code, stderr } = await run(", onBadImage: fail").then(() => {
    place.write("p.yaml", pipeline().replace("size: [32, 32]", "size: [32, 32], maxPixels: 1"));
    return place.flow(["run", "p.yaml"]);
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/8 images cannot be read/);
});

test("flow plan and flow run say how many pictures there are to compute, before they are", async () => {
  place.write("p.yaml", pipeline());
  expect((await place.flow(["run", "p.yaml"])).stdout).toMatch(
    /^features +running 8 of 8 images to compute$/m,
  );
  cpSync(join(pictures, "progressive.jpg"), join(place.root, "data/train/cat/new.jpg"));
  rmSync(join(place.root, "data/test/cat/2.jpg"));
  expect((await place.flow(["run", "p.yaml", "--until", "splits"])).code).toBe(0);
  const planned = await place.flow(["plan", "p.yaml"]);
  expect(planned.stdout).toMatch(/features +run +images: .*\n +1 of 8 images to compute, about \d.* s\n/);
  const json = JSON.parse((await place.flow(["plan", "p.yaml", "--json"])).stdout);
  expect(json.steps[1].outlook).toMatchObject({ toDo: 1, total: 8, unit: "images" });
  const { stdout } = await place.flow(["run", "p.yaml"]);
  expect(stdout).toMatch(/^features +running 1 of 8 images to compute, about \d.* s$/m);
  expect(place.record().steps.features?.metrics).toMatchObject({ computed: 1, reused: 7 });
});
