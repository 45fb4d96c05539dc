import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RequiredFile } from "../../engine/step-type.ts";
import { type FileServer, newFileServer } from "../web/server.ts";
import { newWorkplace, repository, until, type Workplace } from "./flow.ts";

// `flow setup weights <network>` and `flow run --yes`, with a server of weights
// on this machine and networks of the test's own.

const md5 = (bytes: Buffer): string => createHash("md5").update(bytes).digest("hex");
const content = randomBytes(3_000_000);
const old = randomBytes(1000);

let server: FileServer;
let place: Workplace;
beforeEach(async () => {
  server = await newFileServer();
  place = newWorkplace({ main: join(repository, "test/cli/weights-program.mjs") });
  server.put("/keras/tiny_notop.h5", { content, etag: '"1"' });
});
afterEach(async () => {
  await server.close();
  place.remove();
});

function env(change: Partial<RequiredFile> = {}): Readonly<Record<string, string>> {
  const tiny: RequiredFile = {
    kind: "file",
    name: "tiny-imagenet",
    path: "weights/tiny_notop.h5",
    bytes: content.length,
    md5: md5(content),
    refused: [{ md5: md5(old), why: "the file of 2015, for another graph" }],
    what: "Tiny's ImageNet weights (Keras)",
    url: `${server.base}/keras/tiny_notop.h5`,
    ...change,
  };
  return { FLOW_TEST_NETWORKS: JSON.stringify({ tiny, other: { ...tiny, path: "weights/other.h5" } }) };
}

const flow = (...args: readonly string[]) => place.flow(args, env());
const setup = (...args: readonly string[]) => flow("setup", "weights", ...args);
const weights = (): string => join(place.root, "home/weights");
const there = (): Buffer => readFileSync(join(weights(), "tiny_notop.h5"));
const names = (): readonly string[] => (existsSync(weights()) ? readdirSync(weights()) : []);

describe("flow setup weights <network>", () => {
  test("fetches the file; the second time it is there already", async () => {
    const first = await setup("tiny");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout.split("\n")).toEqual([
      "tiny_notop.h5: 0 kB of 3 MB",
      "tiny_notop.h5: 3 MB",
      "Tiny's ImageNet weights (Keras): is there now",
      "",
    ]);
    expect(there().equals(content)).toBe(true);
    expect(names()).toEqual(["tiny_notop.h5"]);
    expect(await setup("tiny")).toEqual({
      ...{ code: 0, signal: null, stderr: "" },
      stdout: "Tiny's ImageNet weights (Keras): there already\n",
    });
    expect(server.requests).toHaveLength(1);
  });

  test("is listed, removed, and not there to be removed again", async () => {
    expect((await setup()).stdout).toBe(
      "Weights of networks; `flow setup weights <network>` fetches them:\n" +
        "  tiny                   3 MB, not there\n" +
        "  other                  3 MB, not there\n",
    );
    await setup("tiny");
    expect((await flow("setup")).stdout).toContain("  tiny                   3 MB, there\n");
    expect((await setup("tiny", "--remove")).stdout).toMatch(/: removed\n$/);
    expect(names()).toEqual([]);
    expect((await setup("tiny", "--remove")).stdout).toMatch(/: was not there\n$/);
  });

  test("prints one JSON document", async () => {
    expect(JSON.parse((await setup("tiny", "--json")).stdout)).toMatchObject({
      ...{ state: "is there now", kind: "weights", name: "weights tiny" },
      there: { bytes: content.length },
    });
    expect(JSON.parse((await flow("setup", "--json")).stdout)).toMatchObject({
      weights: [{ name: "weights tiny", there: {} }, { name: "weights other" }],
    });
  });

  test("puts the right file where another is", async () => {
    mkdirSync(weights(), { recursive: true });
    writeFileSync(join(weights(), "tiny_notop.h5"), old);
    expect(await setup("tiny")).toMatchObject({ code: 0 });
    expect(there().equals(content)).toBe(true);
  });

  test("two at once both come to an end, with one file", async () => {
    const both = await Promise.all([setup("tiny"), setup("tiny")]);
    expect(both.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      Array(2).fill({ code: 0, stderr: "" }),
    );
    expect(names()).toEqual(["tiny_notop.h5"]);
    expect(there().equals(content)).toBe(true);
  });

  test.each(["SIGINT", "SIGKILL"] as const)("goes on where %s ended it", async (signal) => {
    server.put("/keras/tiny_notop.h5", { content, etag: '"1"', holdAfter: 2_000_000 });
    const { child, finished } = place.start(["setup", "weights", "tiny"], env());
    const partial = (): string | undefined => names().find((name) => name.startsWith(".partial-"));
    const size = (): number => {
      try {
        return readFileSync(join(weights(), partial() ?? "", "content")).length;
      } catch {
        return 0;
      }
    };
    await until(() => size() === 2_000_000, "two thirds");
    child.kill(signal);
    const end = await finished;
    if (signal === "SIGINT") {
      expect(end).toMatchObject({
        code: 130,
        stderr: "Stopped. What was fetched is kept; the same command goes on.\n",
      });
    }
    expect(existsSync(join(weights(), "tiny_notop.h5"))).toBe(false);

    server.put("/keras/tiny_notop.h5", { content, etag: '"1"' });
    expect(await setup("tiny")).toMatchObject({ code: 0 });
    expect(server.requests.at(-1)?.headers.range).toBe("bytes=2000000-");
    expect(there().equals(content)).toBe(true);
    expect(names()).toEqual(["tiny_notop.h5"]);
  });
});

describe("--from", () => {
  const from = (text: string, ...more: readonly string[]) => setup("tiny", "--from", text, ...more);

  test("takes a file, a folder that has it, a URL, or one that ends in /", async () => {
    place.write("by-hand.h5", content);
    mkdirSync(join(place.root, "usb"));
    place.write("usb/tiny_notop.h5", content);
    server.put("/mirror/x", { content });
    server.put("/mirror/tiny_notop.h5", { content });
    for (const one of ["by-hand.h5", "usb", `${server.base}/mirror/x`, `${server.base}/mirror/`]) {
      expect(await from(one)).toMatchObject({ code: 0, stderr: "" });
      expect(there().equals(content)).toBe(true);
      expect(names()).toEqual(["tiny_notop.h5"]);
      await setup("tiny", "--remove");
    }
    expect(server.requests.map(({ path }) => path)).toEqual(["/mirror/x", "/mirror/tiny_notop.h5"]);
  });

  test("may be a host of one's own network", async () => {
    // Most machines know themselves by a name; whether this server listens there does not matter.
    const { stderr } = await from(`http://${hostname()}:${server.port}/keras/`);
    expect(stderr).not.toContain("which no URL leads to");
  });

  test("takes relative paths from -C", async () => {
    mkdirSync(join(place.root, "usb"));
    place.write("usb/by-hand.h5", content);
    expect(await from("by-hand.h5", "-C", "usb")).toMatchObject({ code: 0 });
  });

  test.each([
    ["another file", () => randomBytes(content.length), /by-hand\.h5 has the md5 \w{32}, not \w{32}\n$/],
    ["a part of it", () => content.subarray(1), /by-hand\.h5 has 2999999 bytes, not 3000000: it is another/],
    ["the old one", () => old, /by-hand\.h5 is the file of 2015, for another graph\n$/],
  ])("refuses %s", async (_, bytes, message) => {
    place.write("by-hand.h5", bytes());
    expect(await from("by-hand.h5")).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
    expect(names()).toEqual([]);
    server.put("/x", { content: bytes() });
    expect(await from(`${server.base}/x`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("nothing of it is kept"),
    });
    expect(names()).toEqual([]);
  });

  test("refuses what is not there, and what is no URL of the web", async () => {
    expect(await from("none.h5")).toMatchObject({
      code: 2,
      stderr: `flow: there is no file ${join(place.root, "none.h5")}\n`,
    });
    expect(await from("ftp://example.org/x")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("ftp:// is not spoken here"),
    });
  });
});

describe("flow setup fails with a sentence", () => {
  test.each([
    [["weights", "tinny"], 'flow: no network tinny is known by name; did you mean "tiny"?\n'],
    [["weights", "--remove"], "flow: say which: `flow setup weights <name>`\n"],
    [["weights", "tiny", "--gpu"], "flow: weights are the same with and without a GPU: leave --gpu out\n"],
  ])("2 for %s", async (words, stderr) => {
    expect(await flow("setup", ...words)).toMatchObject({ code: 2, stderr });
  });

  test("4 where the network is gone, 2 where the file is", async () => {
    const gone = env({ url: `${server.base}/keras/none.h5` });
    expect(await place.flow(["setup", "weights", "tiny"], gone)).toEqual({
      ...{ code: 2, signal: null, stdout: "" },
      stderr: `flow: ${server.base}/keras/none.h5: the server answers 404 Not Found\n`,
    });
    const dead = await newFileServer();
    await dead.close();
    expect(await setup("tiny", "--from", `${dead.base}/x`)).toMatchObject({
      code: 4,
      stderr: `flow: ${dead.base}/x: the host refuses the connection\n`,
    });
  });
});

describe("flow run", () => {
  beforeEach(() => place.write("p.yaml", "name: p\nsteps:\n  a: { uses: reads, with: { network: tiny } }\n"));

  test("is blocked without the file, and says how to bring it", async () => {
    const { code, stderr } = await flow("run", "p.yaml");
    expect(code).toBe(2);
    expect(stderr.split("\n")).toEqual([
      "Nothing was started: something is missing.",
      "",
      "  a",
      "    missing: Tiny's ImageNet weights (Keras)",
      "      `flow setup weights tiny` brings it; or",
      `      get it from ${server.base}/keras/tiny_notop.h5`,
      `      and put it at ${weights()}/tiny_notop.h5`,
      "To bring it on the way: flow run p.yaml --yes",
      "",
    ]);
    expect(await flow("plan", "p.yaml")).toMatchObject({ code: 2 });
    expect(await flow("run", "p.yaml", "--yes", "--dry-run")).toMatchObject({ code: 2 });
    expect(server.requests).toEqual([]);
  });

  test("says so of the old file", async () => {
    mkdirSync(weights(), { recursive: true });
    writeFileSync(join(weights(), "tiny_notop.h5"), old);
    const { stderr } = await flow("run", "p.yaml");
    expect(stderr).toContain("tiny_notop.h5 is the file of 2015, for another graph");
  });

  test("--yes brings it and runs; the second time nothing is fetched", async () => {
    const first = await flow("run", "p.yaml", "--yes");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain("weights tiny: is there now\n");
    expect(readFileSync(join(place.root, "runs/latest/a/copy/weights")).equals(content)).toBe(true);
    expect(await flow("run", "p.yaml", "-y")).toMatchObject({ code: 0 });
    expect(server.requests).toHaveLength(1);
  });

  test("--yes fetches nothing where something else is missing that nobody can fetch", async () => {
    place.write(
      "p.yaml",
      "name: p\nsteps:\n  a: { uses: reads, with: { network: tiny } }\n  b: { uses: reads, inputs: { x: ./none }, with: { network: tiny } }\n",
    );
    const { code, stderr } = await flow("run", "p.yaml", "--yes");
    expect(code).toBe(2);
    expect(stderr).toContain("missing: ./none");
    expect(server.requests).toEqual([]);
  });

  test("--yes --json prints events alone", async () => {
    const { code, stdout } = await flow("run", "p.yaml", "--yes", "--json");
    expect(code).toBe(0);
    for (const line of stdout.trimEnd().split("\n")) expect(JSON.parse(line)).toHaveProperty("kind");
  });

  test("--yes ends where it cannot be brought, and starts nothing", async () => {
    await server.close();
    expect(await flow("run", "p.yaml", "--yes")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("the host refuses the connection"),
    });
    expect(existsSync(join(place.root, "runs"))).toBe(false);
    server = await newFileServer();
  });
});
