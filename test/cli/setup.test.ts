import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Wheel } from "../../steps/compute/runtimes/catalog.ts";
import { childrenOf, newWorkplace, repository, until, type Workplace } from "./flow.ts";
import { newPackageIndex, type PackageIndex } from "./package-index.ts";

// `flow setup` with the pip of this machine, and an index of packages on it.

const pip = spawnSync("python3", ["-m", "pip", "--version"], { encoding: "utf8" });
const hasPip = pip.status === 0;
// biome-ignore lint/suspicious/noConsole: a skip says why
if (!hasPip) console.log("skipped: there is no python3 with pip");

const main = join(repository, "test/cli/setup-program.mjs");

let place: Workplace;
let index: PackageIndex;
let wheels: { cpu: Wheel; more: Wheel; gpu: Wheel };
beforeEach(async () => {
  place = newWorkplace({ main });
  index = await newPackageIndex();
  wheels = {
    cpu: index.add("tiny", { "tiny/libs/libtiny.so.1": "cpu", "tiny/other.py": "x" }),
    more: index.add("tiny-more", { "lib/libmore.so": "more" }),
    gpu: index.add("tiny-gpu", { "tiny/libs/libtiny.so.1": "gpu", "tiny/libs/libcuda.so": "cuda" }),
  };
});
afterEach(async () => {
  await index.close();
  place.remove();
});

interface Change {
  readonly wheels?: readonly Wheel[];
  readonly env?: Readonly<Record<string, string>>;
}

function envOf({ wheels: changed, env }: Change = {}): Readonly<Record<string, string>> {
  const tiny = {
    name: "tiny",
    title: "Tiny",
    version: "1.0",
    wheels: changed ?? [wheels.cpu, wheels.more],
    gpuWheels: [wheels.gpu, wheels.more],
    keeps: "^lib[a-z]+\\.so",
  };
  return { FLOW_TEST_PACKAGES: JSON.stringify([tiny]), ...index.env, ...env };
}

const setup = (args: readonly string[], change?: Change) => place.flow(["setup", ...args], envOf(change));
const runtimes = (): string => join(place.root, "home/runtimes");
const there = (): string => join(runtimes(), "tiny/1.0");
/** What stands in the folder of all runtimes beside them. */
const rest = (): readonly string[] => readdirSync(runtimes()).filter((name) => name !== "tiny");

describe.skipIf(!hasPip)("flow setup <name>", () => {
  test("brings the libraries and nothing else; the second time they are there already", async () => {
    const first = await setup(["tiny"]);
    expect(first).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringMatching(/^Tiny 1\.0: is there now$/m),
    });
    expect(first.stdout).toContain("tiny 1.0: 0 kB of ");
    expect(readdirSync(there()).sort()).toEqual(["lib", "runtime.json"]);
    expect(readdirSync(join(there(), "lib")).sort()).toEqual(["libmore.so", "libtiny.so.1"]);
    expect(JSON.parse(readFileSync(join(there(), "runtime.json"), "utf8"))).toMatchObject({
      ...{ name: "tiny", version: "1.0", gpu: false, bytes: 7 },
      wheels: [wheels.cpu, wheels.more],
    });
    expect(rest().flatMap((name) => readdirSync(join(runtimes(), name)))).toEqual([]);

    expect(await setup(["tiny"])).toMatchObject({ code: 0, stdout: "Tiny 1.0: there already\n" });
    expect(index.fetched).toEqual(["tiny", "tiny-more"]);
  });

  test("is listed, removed, and not there to be removed again", async () => {
    expect((await setup([])).stdout).toMatch(/Tiny 1\.0 +not there; `flow setup tiny` fetches/);
    await setup(["tiny"]);
    expect((await setup([])).stdout).toMatch(/Tiny 1\.0 +there, 1 kB\n +\(with --gpu/);
    expect(await setup(["tiny", "--remove"])).toMatchObject({ code: 0, stdout: "Tiny 1.0: removed\n" });
    expect(existsSync(there())).toBe(false);
    expect(await setup(["tiny", "--remove"])).toMatchObject({ code: 0, stdout: "Tiny 1.0: was not there\n" });
  });

  test("prints one JSON document", async () => {
    const brought = await setup(["tiny", "--json"]);
    expect(JSON.parse(brought.stdout)).toMatchObject({
      state: "is there now",
      there: { path: there(), bytes: 7 },
    });
    const list = await setup(["--json"]);
    expect(JSON.parse(list.stdout)).toMatchObject({
      home: join(place.root, "home"),
      runtimes: [
        { name: "tiny", title: "Tiny 1.0", there: { gpu: false }, parts: [{ name: "tiny 1.0" }, {}] },
      ],
    });
    const wrong = await setup(["tny", "--json"]);
    expect(wrong).toMatchObject({ code: 2, stderr: "" });
    expect(JSON.parse(wrong.stdout).diagnostics).toMatchObject([
      { message: "there is no runtime tny to bring; there are tiny" },
    ]);
  });

  test("with --gpu takes the place of the other, and is kept where it is asked for without", async () => {
    await setup(["tiny"]);
    expect(await setup(["tiny", "--gpu"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("say --yes where nobody can be asked"),
    });
    const brought = await setup(["tiny", "--gpu", "--yes"]);
    expect(brought).toMatchObject({ code: 0, stderr: expect.stringMatching(/^ {2}tiny-gpu 1\.0 +\d kB$/m) });
    expect(readFileSync(join(there(), "lib/libtiny.so.1"), "utf8")).toBe("gpu");
    expect(await setup(["tiny"])).toMatchObject({ code: 0, stdout: "Tiny 1.0: there already\n" });
    expect(readFileSync(join(there(), "lib/libtiny.so.1"), "utf8")).toBe("gpu");
  });

  test("two at once both come to an end, with one runtime", async () => {
    const both = await Promise.all([setup(["tiny"]), setup(["tiny"])]);
    expect(both.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      Array(2).fill({ code: 0, stderr: "" }),
    );
    expect(readdirSync(join(there(), "lib"))).toHaveLength(2);
    expect(readdirSync(runtimes()).filter((name) => name.startsWith(".staging"))).toEqual([]);
  });

  test("goes on from what was fetched whole where it was interrupted, and pip ends with it", async () => {
    index.hold("tiny-more");
    const { child, finished } = place.start(["setup", "tiny"], envOf());
    await until(() => index.fetched.includes("tiny-more"), "the second wheel");
    const [python] = childrenOf(child.pid as number);
    child.kill("SIGINT");
    expect(await finished).toMatchObject({ code: 130, stderr: expect.stringContaining("Stopped.") });
    expect(() => process.kill(python as number, 0)).toThrow();
    expect(existsSync(there())).toBe(false);
    expect(rest()).toEqual([".downloads"]);

    index.release();
    expect(await setup(["tiny"])).toMatchObject({ code: 0 });
    expect(index.fetched.filter((name) => name === "tiny")).toHaveLength(1);
  });

  test("sweeps what a killed one left, and not what a living one is at", async () => {
    index.hold("tiny");
    const killed = place.start(["setup", "tiny"], envOf());
    const living = place.start(["setup", "tiny"], envOf());
    await until(() => index.fetched.length === 2, "both to fetch");
    const [before, pythons] = [rest(), childrenOf(killed.child.pid as number)];
    expect(before).toHaveLength(2);
    killed.child.kill("SIGKILL");
    await killed.finished.catch(() => {});
    for (const pid of pythons) process.kill(pid, "SIGKILL");
    // The living one's connection stays held.
    const other = index.add("third", { "libthird.so": "x" });
    expect(await setup(["tiny"], { wheels: [other] })).toMatchObject({ code: 0 });
    expect(rest().filter((name) => before.includes(name))).toHaveLength(1);
    living.child.kill("SIGINT");
    expect(await living.finished).toMatchObject({ code: 130 });
  });

  test("what was fetched before and changed since is fetched again", async () => {
    mkdirSync(join(runtimes(), ".downloads"), { recursive: true });
    writeFileSync(join(runtimes(), ".downloads", `${wheels.cpu.sha256}.whl`), "damaged");
    expect(await setup(["tiny"])).toMatchObject({ code: 0 });
    expect(readFileSync(join(there(), "lib/libtiny.so.1"), "utf8")).toBe("cpu");
  });

  test("does not take a module of the folder for one of Python's", async () => {
    place.write("random.py", "raise SystemExit(7)\n");
    expect(await setup(["tiny"])).toMatchObject({ code: 0 });
  });
});

describe("flow setup <name> fails with a sentence", () => {
  const failure = async (change: Change, args = ["tiny"]) => {
    const { code, stderr } = await setup(args, change);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    const left = existsSync(runtimes()) ? rest().filter((name) => name.startsWith(".staging")) : [];
    expect({ there: existsSync(there()), left }).toEqual({ there: false, left: [] });
    return { code, stderr };
  };

  test("2 where no Python has pip", async () => {
    expect(await failure({ env: { PATH: place.root } })).toEqual({
      code: 2,
      stderr: expect.stringContaining("a Python 3 with pip is needed"),
    });
  });

  test("2 where nothing can be brought for the platform", async () => {
    const { code, stderr } = await failure({ env: { FLOW_TEST_PACKAGES: "[]" } });
    expect(code).toBe(2);
    expect(stderr).toContain(`nothing can be brought for ${process.platform} on ${process.arch}`);
    const list = await setup([], { env: { FLOW_TEST_PACKAGES: "[]" } });
    expect(list).toMatchObject({ code: 0, stdout: expect.stringContaining("Nothing can be brought") });
  });

  test("2 for an option without a name", async () => {
    expect(await failure({}, ["--remove"])).toEqual({
      code: 2,
      stderr: "flow: say which: `flow setup <name>`\n",
    });
  });

  test("4 where a folder cannot be made, also where the system never says why", async () => {
    expect(await failure({ env: { FLOW_HOME: "/proc/none" } })).toMatchObject({ code: hasPip ? 4 : 2 });
  });

  describe.skipIf(!hasPip)("of the index", () => {
    test("4 where it cannot be reached", async () => {
      // Port 9 is that of discard, which nobody serves.
      expect(
        await failure({ env: { PIP_INDEX_URL: "http://127.0.0.1:9/simple/", PIP_RETRIES: "1" } }),
      ).toEqual({
        code: 4,
        stderr: expect.stringContaining("the package index cannot be reached, tiny 1.0 was not fetched: "),
      });
    });

    test("4 where the file is another one", async () => {
      const other = { ...wheels.cpu, sha256: "0".repeat(64) };
      expect(await failure({ wheels: [other] })).toEqual({
        code: 4,
        stderr:
          "flow: what the package index has for tiny 1.0 is not what it was (another sha256): nothing of it was kept\n",
      });
    });

    test("4 where it does not have it", async () => {
      expect(await failure({ wheels: [{ ...wheels.cpu, project: "none" }] })).toEqual({
        code: 4,
        stderr:
          "flow: pip finds no none 1.0: the package index has none, or cannot be reached (No matching distribution found for none==1.0)\n",
      });
    });

    test("4 where the file is cut short", async () => {
      index.hold("tiny");
      const failed = failure({});
      await until(() => index.fetched.includes("tiny"), "the wheel");
      index.release();
      expect(await failed).toMatchObject({ code: 4 });
    });

    test("4 where the wheel has none of the libraries", async () => {
      const empty = index.add("empty", { "empty/x.py": "x" });
      expect(await failure({ wheels: [empty] })).toEqual({
        code: 4,
        stderr: expect.stringContaining("holds none of the libraries that it should"),
      });
    });
  });
});

const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux");

describe.skipIf(!hasScript || !hasPip)("on a terminal, --gpu asks", () => {
  test.each([
    ["no", "no\r", 2],
    ["end of input", "\u0004", 2],
    ["Ctrl-C", "\u0003", 130],
    ["yes", "y\r", 0],
  ])("%s", async (_, keys, expected) => {
    const line = `${process.execPath} ${main} setup tiny --gpu`;
    const child = spawn("script", ["-qec", line, "/dev/null"], {
      env: { PATH: process.env.PATH, FLOW_HOME: join(place.root, "home"), ...envOf() },
    });
    let shown = "";
    child.stdout.on("data", (data) => {
      shown += data;
    });
    const code = new Promise((resolve) => child.on("close", resolve));
    await until(() => shown.includes("[y/N]"), "the question");
    child.stdin.write(keys);
    expect(await code).toBe(expected);
    expect(shown).not.toContain("ABORT_ERR");
    expect(existsSync(there())).toBe(expected === 0);
  });
});
