import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Cache, openCache } from "../../engine/cache/cache.ts";
import type { Condenser } from "../../engine/store.ts";

let folder: string;
let cache: Cache;
let id: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "flow-index-"));
  cache = openCache(folder);
  id = cache.stores.id({});
  for (let at = 0; at < 40; at++) await publish(`entry-${at}`, at);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const publish = (name: string, value: number) =>
  cache.stores.publish(id, {}, name, async (path) => {
    writeFileSync(join(path, "data"), `${value}`);
    return { value };
  });

/** What is condensed, and how many descriptions were read for it. */
async function condensed({ kind = "test", cache: by = cache } = {}) {
  let read = 0;
  const condenser: Condenser = {
    kind,
    condense(about) {
      read++;
      const value = Number(about.value);
      return { note: { value }, bytes: new Uint8Array(value % 5).fill(value) };
    },
  };
  const entries = await by.stores.condensed(id, condenser);
  for (const { store, path, name, note, bytes } of entries) {
    const value = Number(name.replace("entry-", ""));
    expect({ store, path, note }).toEqual({ store: id, path: cache.stores.path(id, name), note: { value } });
    expect([...bytes]).toEqual(new Array(value % 5).fill(value));
  }
  return { names: entries.map(({ name }) => name), read };
}

const whole = (): readonly string[] => cache.stores.entries(id).map(({ name }) => name);
const index = (): string => join(folder, "index", readdirSync(join(folder, "index"))[0] ?? "");

describe("a store of many entries, condensed", () => {
  test("is read once, and then what has come since", async () => {
    expect(await condensed()).toEqual({ names: whole(), read: 40 });
    expect(await condensed({ cache: openCache(folder) })).toEqual({ names: whole(), read: 0 });
    await publish("entry-99", 99);
    expect(await condensed()).toEqual({ names: whole(), read: 1 });
    for (let at = 40; at < 80; at++) await publish(`entry-${at}`, at);
    expect((await condensed()).read).toBe(41);
    expect(await condensed()).toEqual({ names: whole(), read: 0 });
    expect(whole()).toHaveLength(81);
  });

  test("has what one purpose makes of it, not what another does", async () => {
    await condensed();
    expect(await condensed({ kind: "other" })).toEqual({ names: whole(), read: 40 });
  });

  test("never has what is not in the store any more, or not whole", async () => {
    await condensed();
    rmSync(cache.stores.path(id, "entry-3"), { recursive: true });
    truncateSync(unlocked(join(cache.stores.path(id, "entry-5"), "data")), 0);
    writeFileSync(unlocked(join(cache.stores.path(id, "entry-7"), "entry.json")), "{ cut");
    const { names, read } = await condensed();
    expect({ names, read }).toEqual({ names: whole(), read: 0 });
    expect(names).toHaveLength(37);
    await publish("entry-3", 3);
    expect(await condensed()).toEqual({ names: whole(), read: 1 });
  });

  test.each([
    ["nothing", () => ""],
    ["cut", (content: Buffer) => content.subarray(0, -1)],
    ["cut in the middle of a line", (content: Buffer) => content.subarray(0, 90)],
    ["with another bit", (content: Buffer) => content.fill((content.at(-1) ?? 0) ^ 1, content.length - 1)],
    ["of another kind", () => "{}\n"],
  ])("is read anew where its file is %s", async (_, damaged) => {
    await condensed();
    const good = readFileSync(index());
    writeFileSync(index(), damaged(readFileSync(index())));
    expect(await condensed()).toEqual({ names: whole(), read: 40 });
    expect(readFileSync(index())).toEqual(good);
  });

  test("is right while several write its file", async () => {
    const caches = Array.from({ length: 4 }, () => openCache(folder));
    const all = await Promise.all(
      caches.map(async (cache, at) => {
        await publish(`entry-${100 + at}`, 100 + at);
        return condensed({ cache });
      }),
    );
    for (const { names } of all) expect(names.length).toBeGreaterThanOrEqual(41);
    expect((await condensed()).names).toEqual(whole());
    expect(readdirSync(join(folder, "index"))).toHaveLength(1);
    expect(readdirSync(join(folder, "staging"))).toEqual([]);
  });

  test("is right where its file cannot be kept", async () => {
    writeFileSync(join(folder, "index"), "in the way");
    expect(await condensed()).toEqual({ names: whole(), read: 40 });
    expect(statSync(join(folder, "index")).isFile()).toBe(true);
  });
});

function unlocked(file: string): string {
  chmodSync(file, 0o644);
  return file;
}
