import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Cache, openCache } from "../../engine/cache/cache.ts";
import { onceWritten, type Wanted } from "../../engine/cache/once.ts";
import { openStore } from "../../engine/execute/open-store.ts";
import { until } from "../cli/flow.ts";

const name = { type: "test" };
let folder: string;
let cache: Cache;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-cache-"));
  cache = openCache(join(folder, "cache"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function wanted(write: Wanted["write"]): Wanted {
  return { id: cache.stores.id(name), name, entry: "entry", write };
}

const content = (text: string) => async (path: string) => {
  writeFileSync(join(path, "data"), text);
  return { text };
};

/** Writes when `go` is called. */
function slow(text: string): Wanted & { go(): void } {
  let go = (): void => {};
  const gone = new Promise<void>((resolve) => {
    go = resolve;
  });
  const write = async (path: string) => {
    await gone;
    return content(text)(path);
  };
  return { ...wanted(write), go };
}

const refused = (): Wanted =>
  wanted(async () => {
    throw new Error("written twice");
  });

const waiting = (onWait: (owner: string) => void = () => {}, signal = new AbortController().signal) => ({
  signal,
  onWait,
});

const locks = () => readdirSync(join(folder, "cache/locks"));

describe("an entry that is wanted more than once", () => {
  test("is written once, and found afterwards without a lock", async () => {
    const first = await cache.once.wait(wanted(content("one")), waiting());
    expect(first.published).toMatchObject({ name: "entry", about: { text: "one" }, isOwn: true });
    rmSync(join(folder, "cache/locks"), { recursive: true });
    const second = await cache.once.wait(refused(), waiting());
    expect(second.published).toEqual({ ...first.published, isOwn: false });
    expect(existsSync(join(folder, "cache/locks"))).toBe(false);
  });

  test("comes to whoever waits, when it appears; who does not wait is told who is at it", async () => {
    const slowly = slow("one");
    const first = cache.once.wait(slowly, waiting());
    expect(await cache.once.attempt(refused())).toMatchObject({
      kind: "taken",
      owner: expect.stringContaining(`process ${process.pid}`),
    });
    const told: string[] = [];
    const second = cache.once.wait(
      refused(),
      waiting((owner) => told.push(owner)),
    );
    await until(() => told.length > 0, "the second to wait");
    slowly.go();
    expect((await first).published.isOwn).toBe(true);
    expect((await second).published).toMatchObject({ about: { text: "one" }, isOwn: false });
    expect(told).toHaveLength(1);
    expect(locks()).toEqual([]);
  });

  test("is written by who waits where the other fails, which alone is told of it", async () => {
    const failing = slow("");
    const first = cache.once.wait(
      {
        ...failing,
        async write(path) {
          await failing.write(path);
          throw new Error("no");
        },
      },
      waiting(),
    );
    const second = cache.once.wait(wanted(content("two")), waiting(failing.go));
    await expect(first).rejects.toThrow("no");
    expect((await second).published).toMatchObject({ about: { text: "two" }, isOwn: true });
    expect(locks()).toEqual([]);
  });

  test("is not waited for any longer by who is asked to stop", async () => {
    const slowly = slow("one");
    const first = cache.once.wait(slowly, waiting());
    const controller = new AbortController();
    const second = cache.once.wait(
      refused(),
      waiting(() => controller.abort(), controller.signal),
    );
    await expect(second).rejects.toThrow(/abort/i);
    slowly.go();
    expect((await first).published.isOwn).toBe(true);
  });

  test("is written anew where a file of it is gone", async () => {
    const { published } = await cache.once.wait(wanted(content("one")), waiting());
    rmSync(join(published.path, "data"));
    const again = await cache.once.wait(wanted(content("two")), waiting());
    expect(again.published).toMatchObject({ name: "entry", about: { text: "two" }, isOwn: true });
  });

  test("is written anew where its bytes have changed, when these are looked at", async () => {
    const open = (entries: "by-size" | "by-content") =>
      openStore({
        ...{ cache, type: { name: "test", version: 1 }, name: {}, entries },
        ...{ log: { line() {} }, signal: new AbortController().signal, lean() {} },
      });
    const { path } = await open("by-size").once("entry", content("one"));
    rmSync(join(path, "data"));
    writeFileSync(join(path, "data"), "two");
    expect((await open("by-size").once("entry", content("one"))).isOwn).toBe(false);
    expect((await open("by-content").tryOnce("entry", content("one")))?.isOwn).toBe(true);
    expect(readFileSync(join(path, "data"), "utf8")).toBe("one");
  });

  test("is not written again by who looked before it was there, and got the lock after", async () => {
    const { stores, folder: path } = cache;
    let looks = 0;
    const late = onceWritten(path, {
      ...stores,
      find: (id, entry) => (looks++ === 0 ? undefined : stores.find(id, entry)),
    });
    const { published } = await cache.once.wait(wanted(content("one")), waiting());
    expect((await late.wait(refused(), waiting())).published).toEqual({ ...published, isOwn: false });
    expect(locks()).toEqual([]);
  });

  test("of a newer flow stays, and is written once beside it", async () => {
    const { published } = await cache.once.wait(wanted(content("newer")), waiting());
    const record = join(published.path, "entry.json");
    const newer = JSON.stringify({ ...JSON.parse(readFileSync(record, "utf8")), format: 1000 });
    rmSync(record);
    writeFileSync(record, newer);
    const own = await cache.once.wait(wanted(content("own")), waiting());
    expect(own.published).toMatchObject({ name: "entry-1", about: { text: "own" }, isOwn: true });
    expect((await cache.once.wait(refused(), waiting())).published).toEqual({
      ...own.published,
      isOwn: false,
    });
    expect(readFileSync(record, "utf8")).toBe(newer);
  });

  test("is there at once where its writer died between naming it and giving its lock up", async () => {
    let lock = "";
    const first = await cache.once.wait(
      wanted(async () => {
        lock = locks()[0] as string;
        return {};
      }),
      waiting(),
    );
    writeFileSync(join(folder, "cache/locks", lock), "elsewhere~77~1");
    expect((await cache.once.wait(refused(), waiting())).published).toEqual({
      ...first.published,
      isOwn: false,
    });
  });
});

describe("processes that want one entry at once", () => {
  const log = () => join(folder, "log");
  const lines = (): readonly string[] =>
    existsSync(log()) ? readFileSync(log(), "utf8").trimEnd().split("\n") : [];
  const counted = (word: string): number => lines().filter((line) => line.startsWith(word)).length;
  const go = () => writeFileSync(`${log()}.go`, "");

  function start(): { readonly pid: number; readonly ended: Promise<number | null> } {
    const writer = new URL("once-writer.mjs", import.meta.url).pathname;
    const child = spawn(process.execPath, [writer, join(folder, "cache"), log()], { stdio: "inherit" });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    return { pid: child.pid as number, ended };
  }

  test("write it once", async () => {
    const all = [start(), start(), start()];
    await until(() => counted("waiting") === 2, "two to wait");
    go();
    expect(await Promise.all(all.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    expect([counted("writing"), counted("wrote"), counted("got")]).toEqual([1, 1, 2]);
    expect(locks()).toEqual([]);
  });

  test("go on where the one that writes it is killed", async () => {
    const first = start();
    await until(() => counted("writing") === 1, "the first to write");
    const others = [start(), start()];
    await until(() => counted("waiting") === 2, "the others to wait");
    process.kill(first.pid, "SIGKILL");
    expect(await first.ended).toBe(null);
    await until(() => counted("writing") === 2, "another to write");
    go();
    expect(await Promise.all(others.map(({ ended }) => ended))).toEqual([0, 0]);
    expect([counted("wrote"), counted("got")]).toEqual([1, 1]);
    expect(locks()).toEqual([]);
  });
});
