import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Cache, openCache } from "../../engine/cache/cache.ts";
import { lastRunOf } from "../../engine/record/last-run.ts";
import { openFeatures } from "../../steps/learning/features/rows.ts";
import { newWorkplace } from "../cli/flow.ts";
import { storedRows } from "../features/stored-rows.ts";

// A cache and a run as the first version wrote them: records without a format are format 1 and stay good.
const first = new URL("../golden/first-cache", import.meta.url).pathname;

let folder: string;
let cache: Cache;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-records-"));
  cpSync(first, folder, { recursive: true });
  cache = openCache(join(folder, "cache"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function files(kind: string): readonly string[] {
  return readdirSync(join(folder, "cache", kind)).map((name) => join(folder, "cache", kind, name));
}

function records() {
  const keys = files("keys").map((path) => `sha256:${path.split("/").at(-1)?.replace(".json", "")}`);
  return keys.map((key) => cache.keys.read(key));
}

describe("records of the first version", () => {
  test("are read, and what they name is there", () => {
    const found = records();
    expect(found.map((record) => record?.type).sort()).toEqual(["extract", "generate", "organize"]);
    for (const record of found) expect(record && cache.missing(record)).toBeUndefined();
  });

  test("make steps cached today", async () => {
    const place = newWorkplace();
    try {
      cpSync(join(folder, "cache"), join(place.root, ".flow"), { recursive: true });
      cpSync(join(folder, "p.yaml"), join(place.root, "p.yaml"));
      // A step type whose version has risen runs again; the rows in its store are used all the same.
      const { stdout } = await place.flow(["run", "p.yaml"]);
      expect(stdout).toMatch(/draw +cached/);
      expect(stdout).toMatch(/features +(cached|ran .*computed 0, reused 2)/);
    } finally {
      place.remove();
    }
  });
});

const damages: readonly string[] = ["", "{}", "[]", '"x"', "5", "null", '{"format":"x"}', "{ cut"];

test("rows of the first version are read as they were written", async () => {
  const artifact = files("artifacts").find((path) => readdirSync(path).includes("features.json")) ?? "";
  const [store = ""] = files("stores");
  const [entry = ""] = readdirSync(store).filter((name) => name !== "store.json");
  const npy = readFileSync(join(store, entry, "rows.npy"));
  const stored = new Float32Array(Uint8Array.from(npy.subarray(10 + npy.readUInt16LE(8))).buffer);
  const features = await openFeatures(artifact, (id) => ({
    id,
    entries: async () => cache.stores.entries(id),
    condensed: (condenser) => cache.stores.condensed(id, condenser),
  }));
  expect(features.index).toHaveLength(2);
  const digests = cache.stores.entries(features.manifest.store)[0]?.about.digests as readonly string[];
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const rows = new Float32Array(2 * features.rowLength);
    await features.read(order, rows);
    for (const [at, position] of order.entries()) {
      const row = digests.indexOf(features.index[position]?.digest ?? "");
      const of = (all: Float32Array, row: number) =>
        all.subarray(row * features.rowLength, (row + 1) * features.rowLength);
      expect(of(rows, at)).toEqual(of(stored, row));
    }
  }
  await features.close();
});

describe("records that are damaged", () => {
  test.each(damages)("count as absent: %j", (content) => {
    for (const path of [...files("keys"), ...files("trees")]) writeFileSync(path, content);
    expect(records()).toEqual([undefined, undefined, undefined]);
    for (const path of files("trees")) {
      const name = path.split("/").at(-1)?.replace(".json", "");
      expect(cache.artifacts.tree(`sha256:${name}`)).toBeUndefined();
    }
    for (const store of files("stores")) {
      for (const entry of readdirSync(store).filter((name) => name !== "store.json")) {
        writeFileSync(join(store, entry, "entry.json"), content);
      }
      expect(cache.stores.entries(store.split("/").at(-1) ?? "")).toEqual([]);
    }
  });

  test("are written anew: a list that is not what its name says", async () => {
    const [path = ""] = files("trees");
    const digest = `sha256:${path.split("/").at(-1)?.replace(".json", "")}`;
    const whole = readFileSync(path, "utf8");
    const tree = JSON.parse(whole) as { path: string }[];
    writeFileSync(path, JSON.stringify(tree.map((file) => ({ ...file, path: `${file.path}x` }))));
    expect(cache.artifacts.tree(digest)).toBeUndefined();
    await cache.artifacts.keepTree(digest, JSON.parse(whole));
    expect(readFileSync(path, "utf8")).toBe(whole);
  });

  test("lead nowhere: paths out of a list stay inside", () => {
    const [path = ""] = files("trees");
    writeFileSync(path, JSON.stringify([{ path: "../../etc/passwd", digest: "0".repeat(64), bytes: 1 }]));
    expect(cache.artifacts.tree(`sha256:${path.split("/").at(-1)?.replace(".json", "")}`)).toBeUndefined();
  });
});

test("what is made anew by force is not made of rows that are damaged", async () => {
  const place = newWorkplace();
  try {
    cpSync(join(folder, "cache"), join(place.root, ".flow"), { recursive: true });
    place.write("p.yaml", readFileSync(join(folder, "p.yaml"), "utf8"));
    const entry = (): string => join(place.root, ".flow/stores", place.entries()[0] ?? "");
    const before = await storedRows(entry(), 2048);
    const file = join(entry(), "rows.npy");
    chmodSync(file, 0o644);
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xff, bytes.length - 64));
    expect(await storedRows(entry(), 2048)).not.toEqual(before);
    expect(await place.flow(["run", "p.yaml", "--force"])).toMatchObject({ code: 0 });
    expect(place.record().steps.features?.metrics).toMatchObject({ computed: 2, reused: 0 });
    const after = await storedRows(entry(), 2048);
    // Another processor may have computed those of before.
    for (const [at, value] of after.entries()) expect(value).toBeCloseTo(before[at] as number, 3);
  } finally {
    place.remove();
  }
});

describe("records of a newer version", () => {
  test("count as absent, and are neither overwritten nor deleted", async () => {
    const [record] = records();
    if (record === undefined) throw new Error("there is a record");
    for (const path of files("keys")) writeFileSync(path, '{ "format": 2 }');
    expect(cache.keys.read(record.key)).toBeUndefined();
    const newer = files("keys");
    await cache.keys.commit(record);
    for (const path of newer) expect(readFileSync(path, "utf8")).toBe('{ "format": 2 }');
    // Beside it, so that two versions can work in one cache.
    expect(cache.keys.read(record.key)).toMatchObject(record);
    expect(cache.keys.ofType(record.type).withParams(record.params)).toHaveLength(1);
  });

  test("of a store stay beside what is written now", async () => {
    const [store = ""] = files("stores");
    const id = store.split("/").at(-1) ?? "";
    const [entry = ""] = readdirSync(store).filter((name) => name !== "store.json");
    writeFileSync(join(store, entry, "entry.json"), '{ "format": 2 }');
    const published = await cache.stores.publish(id, {}, entry, async (path) => {
      writeFileSync(join(path, "data"), "1");
      return {};
    });
    expect(published).toMatchObject({ isOwn: true, name: `${entry}-1` });
    expect(readFileSync(join(store, entry, "entry.json"), "utf8")).toBe('{ "format": 2 }');
    expect(cache.stores.entries(id).map(({ name }) => name)).toEqual([`${entry}-1`]);
  });
});

describe("where all records are a newer version's", () => {
  test("steps run, and are cached then, and none of these records has changed", async () => {
    const place = newWorkplace();
    try {
      cpSync(join(folder, "cache"), join(place.root, ".flow"), { recursive: true });
      place.write("p.yaml", readFileSync(join(folder, "p.yaml"), "utf8"));
      const named = (name: string): boolean => /^(keys|trees|index|stores)\/.*\.json$/.test(name);
      const all = readdirSync(join(place.root, ".flow"), { recursive: true, encoding: "utf8" }).filter(named);
      const newer = all.map((name) => join(place.root, ".flow", name));
      for (const path of newer) {
        chmodSync(path, 0o644);
        writeFileSync(path, '{ "format": 2 }');
      }
      for (const outcomes of [/3 ran/, /3 cached/]) {
        const { code, stdout, stderr } = await place.flow(["run", "p.yaml"]);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        expect(stdout).toMatch(outcomes);
      }
      for (const path of newer) expect(readFileSync(path, "utf8"), path).toBe('{ "format": 2 }');
    } finally {
      place.remove();
    }
  });
});

describe("records of runs", () => {
  const id = "2026-03-01T10-22-31-p-7f3a";
  test.each(["{}", "{ cut", '{ "format": 2, "id": "x" }'])(
    "that cannot be read stay, and are named: %s",
    (content) => {
      const runs = join(folder, "runs");
      mkdirSync(join(runs, id), { recursive: true });
      writeFileSync(join(runs, id, "run.json"), content);
      expect(lastRunOf(runs, { name: "p", file: "p.yaml" })).toEqual({
        kind: "unreadable",
        path: join(runs, id),
      });
      expect(readFileSync(join(runs, id, "run.json"), "utf8")).toBe(content);
    },
  );
});
