import { chmodSync, cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { isDecodedAnew } from "../../steps/vision/pixels/decoding.ts";
import { newWorkplace } from "../cli/flow.ts";

const golden = new URL("../golden/pixels/", import.meta.url).pathname;

test("pictures that are read otherwise than in the first version are known", async () => {
  const anew: string[] = [];
  for (const name of readdirSync(golden).filter((name) => /\.(jpg|png|webp)$/.test(name))) {
    if (await isDecodedAnew(join(golden, name))) anew.push(name);
  }
  expect(anew).toEqual([
    "cmyk-unmarked.jpg",
    "cmyk.jpg",
    "grey-16-transparent.png",
    "grey-16.png",
    "ycck.jpg",
  ]);
  expect(await isDecodedAnew(join(golden, "plain.gif"))).toBe(true);
  expect(await isDecodedAnew(join(golden, "orientation-6.tif"))).toBe(true);
});

const pipeline = `
name: pictures
steps:
  organize:
    uses: organize
    inputs: { source: ./photos }
    with: { splits: { train: all }, classes: { colour: colour, grey: grey }, classFrom: folder }
  extract:
    uses: extract
    inputs: { images: organize.images }
    with: { network: resnet50, weights: seeded, input: { size: [32, 32] }, pool: average }
`;

test("in a cache of the first version only the rows of these are computed once more", async () => {
  const place = newWorkplace();
  try {
    const add = (name: string): void =>
      cpSync(join(golden, basename(name)), join(place.root, "photos/all", name));
    for (const name of ["colour/rgb.jpg", "grey/grey.jpg", "colour/plain.gif"]) add(name);
    place.write("p.yaml", pipeline);
    const figures = async (): Promise<unknown> => {
      expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
      const { computed, reused } = place.record().steps.extract?.metrics ?? {};
      return { computed, reused };
    };
    expect(await figures()).toEqual({ computed: 3, reused: 0 });
    const stores = join(place.root, ".flow/stores");
    const records = readdirSync(stores, { recursive: true, encoding: "utf8" });
    for (const name of records.filter((name) => name.endsWith("entry.json"))) {
      const file = join(stores, name);
      const record = JSON.parse(readFileSync(file, "utf8"));
      expect(record.about.decoding).toBe(2);
      delete record.about.decoding;
      chmodSync(file, 0o644);
      writeFileSync(file, JSON.stringify(record));
    }
    add("colour/half-chroma.jpg");
    expect(await figures()).toEqual({ computed: 2, reused: 2 });
    add("grey/grey-16.png");
    expect(await figures()).toEqual({ computed: 1, reused: 4 });
  } finally {
    place.remove();
  }
});
