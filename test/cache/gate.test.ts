import { spawnSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Cache, openCache } from "../../engine/cache/cache.ts";
import type { Author } from "../../engine/cache/gate.ts";

let folder: string;
let cache: Cache;
let out: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-gate-"));
  cache = openCache(join(folder, "cache"));
  out = join(cache.staging(), "out");
  mkdirSync(out);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function publish(author: Author = "program") {
  return cache.artifacts.publish({ name: "output out", folder: out, scratch: join(out, ".."), author });
}

const mode = (path: string): number => statSync(path).mode & 0o777;

describe("what enters an artifact", () => {
  test("is read-only, executable where a program made it so, in folders that can be deleted", async () => {
    mkdirSync(join(out, "bin"));
    writeFileSync(join(out, "bin/tool"), "#!/bin/sh\n", { mode: 0o755 });
    writeFileSync(join(out, "plain"), "1");
    chmodSync(join(out, "bin"), 0o555);
    chmodSync(out, 0o555);
    const { digest } = await publish();
    const path = cache.artifacts.path(digest);
    expect([mode(join(path, "bin/tool")), mode(join(path, "plain"))]).toEqual([0o555, 0o444]);
    expect(mode(join(path, "bin")) & 0o700).toBe(0o700);
    expect(mode(path) & 0o700).toBe(0o700);
  });

  test("counts modes and empty folders only for programs; a tree with neither has one digest", async () => {
    const digests: string[] = [];
    const variants: [Author, () => void][] = [
      ["program", () => {}],
      ["step", () => {}],
      ["step", () => chmodSync(join(out, "a"), 0o755)],
      ["step", () => mkdirSync(join(out, "empty"))],
      ["program", () => chmodSync(join(out, "a"), 0o755)],
      ["program", () => mkdirSync(join(out, "empty"))],
    ];
    for (const [author, change] of variants) {
      rmSync(out, { recursive: true, force: true });
      mkdirSync(out);
      writeFileSync(join(out, "a"), "1");
      change();
      digests.push((await publish(author)).digest);
    }
    const [plain, ...others] = digests;
    expect(others.slice(0, 3)).toEqual([plain, plain, plain]);
    expect(new Set(digests).size).toBe(3);
  });

  test("holds no empty folder where a step of flow's own made it", async () => {
    mkdirSync(join(out, "empty/within"), { recursive: true });
    writeFileSync(join(out, "a"), "1");
    const { digest } = await publish("step");
    expect(readdirSync(cache.artifacts.path(digest))).toEqual(["a"]);
  });

  test("has no link and no other name: what these lead to is copied, and stays as it is", async () => {
    writeFileSync(join(folder, "mine"), "user's", { mode: 0o644 });
    linkSync(join(folder, "mine"), join(out, "hard"));
    writeFileSync(join(out, "inner"), "inner");
    symlinkSync("inner", join(out, "link"));
    const { digest } = await publish();
    const path = cache.artifacts.path(digest);
    expect(mode(join(folder, "mine"))).toBe(0o644);
    writeFileSync(join(folder, "mine"), "changed");
    expect(readFileSync(join(path, "hard"), "utf8")).toBe("user's");
    expect(lstatSync(join(path, "link")).isFile()).toBe(true);
    expect(readFileSync(join(path, "link"), "utf8")).toBe("inner");
  });

  test.each([
    [
      "a link that leaves it",
      () => symlinkSync("/etc/hostname", join(out, "x")),
      /x → \/etc\/hostname, which leaves the output/,
    ],
    [
      "a link to a folder",
      () => symlinkSync(".", join(out, "x")),
      /x → \., which (leaves the output|is no link to a file)/,
    ],
    ["a link to nothing", () => symlinkSync("nowhere", join(out, "x")), /x → nowhere, which leads nowhere/],
    ["a link to itself", () => symlinkSync("x", join(out, "x")), /x → x, which leads nowhere/],
    [
      "a name that is not UTF-8",
      () => writeFileSync(Buffer.concat([Buffer.from(`${out}/caf`), Buffer.from([0xe9])]), ""),
      /the name caf\\xe9 in output out is not UTF-8/,
    ],
    [
      "a FIFO",
      () => void spawnSync("mkfifo", [join(out, "x")]),
      /holds x, which is neither a file nor a folder/,
    ],
  ])("refuses %s, and changes nothing", async (_, make, message) => {
    writeFileSync(join(out, "a"), "1", { mode: 0o644 });
    make();
    await expect(publish()).rejects.toThrow(message);
    expect(mode(join(out, "a"))).toBe(0o644);
  });

  test("is no folder of somebody else's, put in the place of the output", async () => {
    mkdirSync(join(folder, "theirs"));
    writeFileSync(join(folder, "theirs/a"), "1", { mode: 0o644 });
    rmSync(out, { recursive: true });
    symlinkSync(join(folder, "theirs"), out);
    await expect(publish()).rejects.toThrow(/was replaced by something else/);
    expect(mode(join(folder, "theirs/a"))).toBe(0o644);
  });

  test("takes the place of what stands there damaged, and leaves what is whole", async () => {
    writeFileSync(join(out, "a"), "good");
    const { digest } = await publish();
    const file = join(cache.artifacts.path(digest), "a");
    for (const damage of ["b4d!", "good"]) {
      chmodSync(file, 0o644);
      writeFileSync(file, damage);
      const { ino } = statSync(file);
      mkdirSync(out, { recursive: true });
      writeFileSync(join(out, "a"), "good");
      expect((await publish()).digest).toBe(digest);
      expect(readFileSync(file, "utf8")).toBe("good");
      expect(statSync(file).ino === ino).toBe(damage === "good");
    }
    expect(readdirSync(join(folder, "cache/artifacts"))).toHaveLength(1);
  });
});

describe("what stands where an artifact should", () => {
  const content = (digest: string): string => readFileSync(join(cache.artifacts.path(digest), "a"), "utf8");
  const publishGood = async (): Promise<string> => {
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, "a"), "good");
    return (await publish()).digest;
  };

  test.each<[string, (path: string) => unknown]>([
    ["a file", (path) => writeFileSync(path, "")],
    ["a link to nothing", (path) => symlinkSync("nowhere", path)],
    ["a link to a folder", (path) => symlinkSync("..", path)],
    ["an empty folder", (path) => mkdirSync(path)],
    ["a folder with a link in it", (path) => [mkdirSync(path), symlinkSync("a", join(path, "a"))]],
    ["a folder with a folder in it", (path) => mkdirSync(join(path, "a/b"), { recursive: true })],
  ])("is not taken for it, and makes way: %s", async (_, put) => {
    const digest = await publishGood();
    const path = cache.artifacts.path(digest);
    expect(cache.artifacts.complete(digest)).toBe(true);
    rmSync(path, { recursive: true });
    put(path);
    expect(cache.artifacts.complete(digest)).toBe(false);
    expect(await publishGood()).toBe(digest);
    expect(content(digest)).toBe("good");
    expect(cache.artifacts.complete(digest)).toBe(true);
  });
});

describe("a cache that a group shares", () => {
  test("has records that all of them can read, whatever the umask", async () => {
    mkdirSync(join(folder, "shared"));
    chmodSync(join(folder, "shared"), 0o2775);
    const before = process.umask(0o077);
    try {
      const shared = openCache(join(folder, "shared"));
      const id = shared.stores.id({});
      const { path } = await shared.stores.publish(id, {}, "entry", async (into) => {
        writeFileSync(join(into, "data"), "1");
        return {};
      });
      for (const file of [join(path, "entry.json"), join(path, "data"), join(path, "../store.json")]) {
        expect(mode(file) & 0o444, file).toBe(0o444);
      }
    } finally {
      process.umask(before);
    }
  });

  test("gives its folders its mode, whatever the umask", async () => {
    mkdirSync(join(folder, "shared"));
    chmodSync(join(folder, "shared"), 0o2775);
    const shared = openCache(join(folder, "shared"));
    const staging = shared.staging();
    mkdirSync(join(staging, "out/deep"), { recursive: true });
    writeFileSync(join(staging, "out/deep/a"), "1");
    const { digest } = await shared.artifacts.publish({
      name: "output out",
      folder: join(staging, "out"),
      scratch: staging,
      author: "step",
    });
    const paths = ["staging", "artifacts", "trees"].map((name) => join(folder, "shared", name));
    paths.push(shared.artifacts.path(digest), join(shared.artifacts.path(digest), "deep"));
    for (const path of paths) expect((statSync(path).mode & 0o7777).toString(8), path).toBe("2775");
  });
});
