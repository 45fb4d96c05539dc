import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { flow, place } from "./on-cluster.ts";

/** Pictures whose rows are wide and quickly computed: four items. */
const divided = `
name: divided
steps:
  pictures: { uses: generate, with: { splits: { training: 1000, validation: 40, evaluation: 40 }, size: 64 } }
  splits: { uses: organize, inputs: { source: pictures.images } }
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, pool: average, input: { size: [64, 64] } }
`;

let digest = "";
/** The pictures are there, made here. */
export const prepared = async (): Promise<void> => {
  place.write("p.yaml", divided);
  const local = ["--executor", "local"];
  expect((await flow(["run", "p.yaml", "--until", "splits", ...local])).code).toBe(0);
  if (digest !== "") return;
  expect((await flow(["run", "p.yaml", ...local, "--cache", "other"])).code).toBe(0);
  digest = place.record().steps.features?.outputs.features?.digest ?? "none";
};
const itemsDone = (): number => {
  const divisions = join(place.root, ".flow/divisions");
  const [key] = existsSync(divisions) ? readdirSync(divisions) : [];
  return key === undefined ? 0 : readdirSync(join(divisions, key, "done")).length;
};
export const firstDone = (): Promise<void> =>
  vi.waitFor(() => expect(itemsDone()).toBeGreaterThan(0), { timeout: 60_000, interval: 20 });
/** Rows in all segments: what was computed, twice where it was. */
const rowsKept = (): number => {
  const stores = join(place.root, ".flow/stores");
  return readdirSync(stores)
    .flatMap((store) =>
      readdirSync(join(stores, store)).map((entry) => join(stores, store, entry, "entry.json")),
    )
    .filter((file) => existsSync(file))
    .map(
      (file) =>
        JSON.parse(readFileSync(file, "utf8")) as { about: { digests?: string[]; decoding?: number } },
    )
    .reduce((sum, { about }) => sum + (about.decoding === undefined ? 0 : (about.digests?.length ?? 0)), 0);
};
export const endsWell = (images: { readonly atMost: number }): void => {
  const step = place.record().steps.features;
  expect(step).toMatchObject({ outcome: "ran", executor: "slurm" });
  expect(step?.outputs.features?.digest).toBe(digest);
  expect(rowsKept()).toBeLessThanOrEqual(images.atMost);
  expect(
    existsSync(join(place.root, ".flow/divisions")) ? readdirSync(join(place.root, ".flow/divisions")) : [],
  ).toEqual([]);
};
/** Pictures in all, and in the largest item. */
export const all = 1080;
export const item = 312;
