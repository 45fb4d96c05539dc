import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Cache, openCache } from "../../engine/cache/cache.ts";
import { treeDigest } from "../../engine/cache/tree.ts";

let folder: string;
let cache: Cache;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-cache-"));
  cache = openCache(join(folder, "cache"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, content: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), content);
}

async function digestOf(path: string): Promise<string | undefined> {
  const source = await cache.sources.read(join(folder, path));
  return source && treeDigest(source.files);
}

describe("the digest of a folder", () => {
  test("depends on paths and contents, not on times, its own name, or the order of writing", async () => {
    write("one/b/x", "1");
    write("one/a", "2");
    write("two/a", "2");
    write("two/b/x", "1");
    utimesSync(join(folder, "two/a"), 1, 1);
    expect(await digestOf("one")).toBe(await digestOf("two"));
    write("two/b/x", "2");
    expect(await digestOf("one")).not.toBe(await digestOf("two"));
    write("three/b/y", "1");
    write("three/a", "2");
    expect(await digestOf("one")).not.toBe(await digestOf("three"));
  });

  test("tells apart names that only look alike when they are joined", async () => {
    write("one/a b", "1");
    write("two/a", "1");
    write("two/b", "1");
    expect(await digestOf("one")).not.toBe(await digestOf("two"));
  });

  test("follows links and refuses those that lead back", async () => {
    write("one/a", "1");
    write("two/b", "1");
    symlinkSync(join(folder, "two/b"), join(folder, "one/b"));
    write("plain/a", "1");
    write("plain/b", "1");
    expect(await digestOf("one")).toBe(await digestOf("plain"));
    symlinkSync("nowhere", join(folder, "plain/c"));
    await expect(digestOf("plain")).rejects.toThrow(/plain\/c links to nothing/);
    symlinkSync("..", join(folder, "one/up"));
    await expect(digestOf("one")).rejects.toThrow(/links back to a folder above it/);
  });

  test("is remembered for old files and noticed for changed ones", async () => {
    write("data/a", "1");
    const old = new Date(Date.now() - 10_000);
    utimesSync(join(folder, "data/a"), old, old);
    const before = await digestOf("data");
    // What was touched within two seconds is not remembered yet.
    expect(existsSync(join(folder, "cache/index"))).toBe(false);
    await vi.waitUntil(
      async () => (await digestOf("data")) && existsSync(join(folder, "cache/index")),
      10_000,
    );
    const [index] = readdirSync(join(folder, "cache/index"));
    expect(readFileSync(join(folder, "cache/index", index ?? ""), "utf8")).toContain('"a"');
    expect(await digestOf("data")).toBe(before);
    write("data/a", "2");
    // Neither its size nor its time tells.
    utimesSync(join(folder, "data/a"), old, old);
    expect(await digestOf("data")).not.toBe(before);
  });

  test("is that of the folder a link leads to now, also where times tell nothing", async () => {
    write("one/a", "1");
    write("two/b", "1");
    for (const name of ["one", "two"]) utimesSync(join(folder, name), 1, 1);
    symlinkSync("one", join(folder, "link"));
    expect(await digestOf("link")).toBe(await digestOf("one"));
    rmSync(join(folder, "link"));
    symlinkSync("two", join(folder, "link"));
    expect(await digestOf("link")).toBe(await digestOf("two"));
  });

  test("and those of some of its files are remembered apart", async () => {
    write("data/a", "1");
    write("data/b", "2");
    const read = (name: string) => cache.sources.read(join(folder, "data"), [name]);
    const remembered = (): readonly string[] =>
      existsSync(join(folder, "cache/index")) ? readdirSync(join(folder, "cache/index")) : [];
    await vi.waitUntil(async () => {
      await read("a");
      await read("b");
      return remembered().length === 2;
    }, 10_000);
    const state = () => remembered().map((name) => statSync(join(folder, "cache/index", name)).mtimeMs);
    const before = state();
    await read("a");
    await read("b");
    expect(state()).toEqual(before);
  });

  test("is undefined where nothing is", async () => {
    expect(await digestOf("nowhere")).toBeUndefined();
  });
});

describe("stores", () => {
  const name = { type: "test", size: 3 };
  const publish = (entry: string, content: string) =>
    cache.stores.publish(cache.stores.id(name), name, entry, async (path) => {
      writeFileSync(join(path, "data"), content);
      return { length: content.length };
    });

  test("keep entries that describe themselves, whatever the order of the name's members", async () => {
    await publish("first", "abc");
    expect(cache.stores.id({ size: 3, type: "test" })).toBe(cache.stores.id(name));
    expect(cache.stores.id({ size: 4, type: "test" })).not.toBe(cache.stores.id(name));
    const [entry] = cache.stores.entries(cache.stores.id(name));
    expect(entry).toMatchObject({ name: "first", about: { length: 3 } });
    expect(statSync(join(entry?.path ?? "", "data")).mode & 0o222).toBe(0);
  });

  test("keep the first of two entries of one name, and replace one that lost a file", async () => {
    await publish("same", "first");
    const { path } = await publish("same", "other");
    expect(readFileSync(join(path, "data"), "utf8")).toBe("first");
    rmSync(join(path, "data"));
    expect(cache.stores.complete(cache.stores.id(name), "same")).toBe(false);
    await publish("same", "again");
    expect(readFileSync(join(path, "data"), "utf8")).toBe("again");
  });

  test("take a damaged entry out of the way when asked to verify, and give its name to a whole one", async () => {
    const { path } = await publish("same", "first");
    const id = cache.stores.id(name);
    await publish("other", "whole");
    for (const ask of [() => cache.stores.verify(id), () => publish("same", "again")]) {
      mkdirSync(path, { recursive: true });
      if (!existsSync(join(path, "data"))) await publish("same", "first");
      chmodSync(join(path, "data"), 0o644);
      // Of the recorded size.
      writeFileSync(join(path, "data"), "f1rst");
      await ask();
      expect(existsSync(path) && readFileSync(join(path, "data"), "utf8")).not.toBe("f1rst");
    }
    expect(readFileSync(join(path, "data"), "utf8")).toBe("again");
    expect(cache.stores.complete(id, "other")).toBe(true);
  });

  test("show nothing of an entry whose writing failed", async () => {
    const id = cache.stores.id(name);
    const failing = cache.stores.publish(id, name, "bad", async (path) => {
      writeFileSync(join(path, "data"), "half");
      throw new Error("no more");
    });
    await expect(failing).rejects.toThrow("no more");
    expect(cache.stores.entries(id)).toEqual([]);
    expect(readdirSync(join(folder, "cache/staging"))).toEqual([]);
  });
});
