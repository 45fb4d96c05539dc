import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newWorkplace, type Workplace } from "./flow.ts";

let place: Workplace;
beforeEach(() => {
  place = newWorkplace();
});
afterEach(() => place.remove());

describe("a full disk", () => {
  const canMount = tryMount();
  // biome-ignore lint/suspicious/noConsole: a skip says why
  if (!canMount) console.log("skipped: filling a disk needs the right to mount a small one");

  test.skipIf(!canMount)("ends with 4, leaves no half artifact, and the same command goes on", async () => {
    const cache = join(place.root, "small-disk");
    mkdirSync(cache);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=200k", "tmpfs", cache]);
    try {
      const full = `
name: full
steps:
  first:
    uses: command
    with: { run: "head -c 60000 /dev/urandom > \${outputs.out}/a", outputs: [out] }
  draw:
    uses: generate
    with: { size: 128, splits: { training: 30, validation: 2, evaluation: 2 } }
`;
      place.write("full.yaml", full);
      const { code, stderr } = await place.flow(["run", "full.yaml", "--cache", cache, "-j", "1"]);
      expect(stderr).toMatch(/disk is full/);
      expect(code).toBe(4);
      expect(readdirSync(join(cache, "artifacts")).length).toBe(1);
      execFileSync("mount", ["-o", "remount,size=20m", cache]);
      expect((await place.flow(["run", "full.yaml", "--cache", cache, "-j", "1"])).code).toBe(0);
      expect(place.record().steps).toMatchObject({ first: { outcome: "cached" }, draw: { outcome: "ran" } });
    } finally {
      execFileSync("umount", [cache]);
    }
  });
});

function tryMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const folder = newWorkplace();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=100k", "tmpfs", folder.root], { stdio: "ignore" });
    execFileSync("umount", [folder.root]);
    return true;
  } catch {
    return false;
  } finally {
    folder.remove();
  }
}

test.skipIf(!existsSync("/proc/self"))(
  "a place where no folder can be made ends in one sentence",
  async () => {
    // /proc says of a folder that is to be made that it is not there.
    place.write(
      "p.yaml",
      "name: p\nsteps:\n  s: { uses: generate, with: { splits: { training: 2, validation: 2, evaluation: 2 }, size: 16 } }\n",
    );
    const { code, stderr } = await place.flow(["run", "p.yaml", "--cache", "/proc/flow"]);
    expect(code).toBe(4);
    expect(stderr).toMatch(/^s failed: it is not there: \/proc\/flow$/m);
  },
);
