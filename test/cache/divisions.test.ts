import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Cache, openCache } from "../../engine/cache/cache.ts";
import { itemsTogether, type WorkItem } from "../../engine/division.ts";

let folder: string;
let cache: Cache;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-divisions-"));
  cache = openCache(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const key = `sha256:${"a".repeat(64)}`;
const item = (name: string, cost = 1): WorkItem => ({ name, cost, about: {} });
const work = (...names: readonly string[]) => ({ items: names.map((name) => item(name)), together: 1 });
const description = (): string => join(folder, "divisions", "a".repeat(64), "items.json");

test("of several who cut the same work the first counts", async () => {
  const kept = await Promise.all(
    ["one", "two", "three"].map((name) => cache.divisions.keep(key, work(name))),
  );
  expect(new Set(kept.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(cache.divisions.read(key)).toMatchObject(kept[0] ?? {});
  expect(await cache.divisions.keep(key, work("later"))).toEqual(cache.divisions.read(key));
});

test("what is damaged is cut anew", async () => {
  await cache.divisions.keep(key, work("one"));
  for (const text of ["", "{}", '{"items":[{"name":1}],"together":1}', '{"items":[],"together":0}']) {
    writeFileSync(description(), text);
    expect(cache.divisions.read(key)).toBeUndefined();
    expect(await cache.divisions.keep(key, work("anew"))).toMatchObject(work("anew"));
  }
});

test("an item is to do until it is done, and none is once the key has its result", async () => {
  await cache.divisions.keep(key, work("one", "two"));
  expect([0, 1].map((at) => cache.divisions.isToDo(key, at))).toEqual([true, true]);
  cache.divisions.setDone(key, 0);
  expect([0, 1].map((at) => cache.divisions.isToDo(key, at))).toEqual([false, true]);
  expect([...cache.divisions.done(key)]).toEqual([0]);
  cache.divisions.remove(key);
  expect([0, 1].map((at) => cache.divisions.isToDo(key, at))).toEqual([false, false]);
  cache.divisions.setDone(key, 1);
  expect(cache.divisions.done(key).size).toBe(0);
});

test("what nobody has gone on with in a week is swept, and nothing else", async () => {
  await cache.divisions.keep(key, work("one"));
  cache.sweep();
  expect(existsSync(description())).toBe(true);
  const week = Date.now() / 1000 - 8 * 24 * 3600;
  const division = join(folder, "divisions", "a".repeat(64));
  for (const path of [description(), join(division, "done"), division]) utimesSync(path, week, week);
  cache.sweep();
  expect(existsSync(division)).toBe(false);
});

test.each([
  ["as many as there are places take turns", 960, 24, undefined, 10],
  ["a minute's worth where it is known", 960, 24, 0.05, 3],
  ["no more than an array holds", 50_000, 1000, 1, 50],
  ["one, where there are few", 20, 100, 1000, 1],
  ["its share of what takes less than a minute", 9, 2, 1000, 5],
])("a job does %s", (_, count, atOnce, perSecond, together) => {
  const items = Array.from({ length: count }, (_, at) => item(String(at)));
  expect(itemsTogether(items, { atOnce, ...(perSecond === undefined ? {} : { perSecond }) })).toBe(together);
});
