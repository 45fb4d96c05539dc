import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Cache, openCache } from "../../engine/cache/cache.ts";
import { fromWord, isAlive, ownIdentity, toWord } from "../../engine/process-identity.ts";

const key = `sha256:${"a".repeat(64)}`;
let folder: string;
let cache: Cache;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-cache-"));
  cache = openCache(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The word for a process that has ended. */
function deadOwner(): string {
  const { pid } = spawnSync("true");
  return toWord({ ...ownIdentity(), pid });
}

function lockFile(owner: string): string {
  const file = join(folder, "locks", "a".repeat(64));
  mkdirSync(join(folder, "locks"), { recursive: true });
  writeFileSync(file, owner);
  return file;
}

const options = (onWait = (_owner: string): void => {}) => ({ signal: new AbortController().signal, onWait });

test("a key is held by one at a time; who waits is told for whom", async () => {
  const release = await cache.lock(key, options());
  let told = "";
  const second = cache.lock(key, {
    ...options(),
    onWait(owner) {
      told = owner;
      release();
    },
  });
  (await second)();
  expect(told).toBe(`process ${process.pid} on ${hostname()}`);
  expect(readdirSync(join(folder, "locks"))).toEqual([]);
});

test("a dead owner's lock is taken over", async () => {
  lockFile(deadOwner());
  const release = await cache.lock(key, options());
  release();
  expect(readdirSync(join(folder, "locks"))).toEqual([]);
});

test("who cannot be seen is not dead: another host, boot or PID namespace, or a word of before", () => {
  const own = ownIdentity();
  expect(isAlive(own)).toBe(true);
  expect(isAlive({ ...own, start: "1" })).toBe(false);
  const unseen = [
    { ...own, host: "elsewhere", pid: 1 },
    { ...own, namespace: "1", start: "1" },
    { ...own, boot: "1", start: "1" },
    fromWord(`${own.host}~${own.pid}~1~7`) ?? own,
  ];
  expect(unseen.map(isAlive)).toEqual([undefined, undefined, undefined, undefined]);
  expect(fromWord(`${toWord(own)}~12`)).toEqual(own);
});

test("another host's lock is taken over once its heartbeat has stopped, and not before", async () => {
  const file = lockFile("elsewhere~77~1");
  const controller = new AbortController();
  const waiting = cache.lock(key, { signal: controller.signal, onWait: () => controller.abort() });
  await expect(waiting).rejects.toThrow(/abort/i);
  const hourAgo = new Date(Date.now() - 3_600_000);
  utimesSync(file, hourAgo, hourAgo);
  (await cache.lock(key, options()))();
  expect(existsSync(file)).toBe(false);
});

test("sweeping removes what dead processes were writing, also where it is read-only, and nothing else", async () => {
  const mine = cache.staging();
  const dead = join(folder, "staging", `${deadOwner()}~0`, "out");
  mkdirSync(dead, { recursive: true });
  writeFileSync(join(dead, "file"), "");
  chmodSync(dead, 0o500);
  mkdirSync(join(folder, "staging", "elsewhere~77~1~0"));
  cache.sweep();
  expect(readdirSync(join(folder, "staging")).sort()).toEqual(
    [mine.split("/").at(-1), "elsewhere~77~1~0"].sort(),
  );
  expect(existsSync(join(folder, "CACHEDIR.TAG"))).toBe(true);
  expect(readFileSync(join(folder, ".gitignore"), "utf8")).toBe("*\n");
});

test("sweeping removes the locks of the dead, also of keys that nobody asks for again", async () => {
  const release = await cache.lock(key, options());
  const dead = join(folder, "locks", "f".repeat(64));
  writeFileSync(dead, deadOwner());
  cache.sweep();
  expect(readdirSync(join(folder, "locks"))).toHaveLength(1);
  expect(existsSync(dead)).toBe(false);
  release();
});

test("what another host left is swept when nothing has moved there for a day", () => {
  const staging = join(folder, "staging", "elsewhere~77~1~0");
  mkdirSync(staging, { recursive: true });
  const day = new Date(Date.now() - 25 * 3_600_000);
  utimesSync(staging, day, day);
  cache.sweep();
  expect(existsSync(staging)).toBe(false);
});
