import { createHash, randomBytes } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadPipeline } from "../../engine/document/load.ts";
import type { RunRecord } from "../../engine/record/run-record.ts";
import { download } from "../../steps/download/index.ts";
import { newProject, type Project } from "../engine/project.ts";
import { type FileServer, newFileServer } from "../web/server.ts";
import { zip } from "../zip.ts";

// The step as pipelines use it, with a real server on this machine.

const content = randomBytes(1_000_000);
const sha256 = createHash("sha256").update(content).digest("hex");

let server: FileServer;
let project: Project;
beforeEach(async () => {
  server = await newFileServer();
  project = newProject([download]);
});
afterEach(async () => {
  await server.close();
  project.remove();
});

const pipeline = (params: Readonly<Record<string, unknown>>): string =>
  `name: p\nsteps:\n  data: { uses: download, with: ${JSON.stringify(params)} }\n`;

async function run(
  params: Readonly<Record<string, unknown>>,
  forced: readonly string[] = [],
): Promise<NonNullable<RunRecord["steps"][string]>> {
  const record = await project.run(pipeline(params), { forced });
  return record.steps.data as NonNullable<RunRecord["steps"][string]>;
}

function filesOf({ outputs }: RunRecord["steps"][string]): readonly string[] {
  const folder = project.cache.artifacts.path(outputs.files?.digest ?? "");
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

function contentOf({ outputs }: RunRecord["steps"][string], name: string): Buffer {
  return readFileSync(join(project.cache.artifacts.path(outputs.files?.digest ?? ""), name));
}

/** Names of all entries of all stores. */
function entries(): readonly string[] {
  const stores = join(project.root, ".flow/stores");
  try {
    return readdirSync(stores).flatMap((store) =>
      readdirSync(join(stores, store)).filter((name) => name !== "store.json"),
    );
  } catch {
    return [];
  }
}

describe("download", () => {
  test("brings a file under the name in its URL, with a note where nothing says what it has to be", async () => {
    server.put("/a%20b/pictures%20of%20food.bin", { content, etag: '"1"' });
    const step = await run({ url: `${server.base}/a%20b/pictures%20of%20food.bin?key=1` });
    expect(step).toMatchObject({ outcome: "ran", metrics: { bytes: content.length } });
    expect(filesOf(step)).toEqual(["pictures of food.bin"]);
    expect(contentOf(step, "pictures of food.bin").equals(content)).toBe(true);
    expect(step.outputs.files?.notes).toEqual([expect.stringContaining(`sha256: ${sha256}`)]);
    expect(entries()).toEqual([]);
  });

  test("checks it; the same content from elsewhere, and written otherwise, is the same artifact", async () => {
    server.put("/x.bin", { content });
    server.put("/mirror/y.bin", (_, response) => {
      response.writeHead(200, { date: "Mon, 01 Jan 2024 00:00:00 GMT", "x-served-by": "another" });
      response.end(content);
    });
    const one = await run({ url: `${server.base}/x.bin`, sha256 });
    const urls = [`${server.base}/none.bin`, `${server.base}/mirror/y.bin`];
    const other = await run({ url: urls, sha256: sha256.toUpperCase(), name: "x.bin" });
    expect(one.outputs.files).toMatchObject({ notes: [] });
    expect(other.outputs.files?.digest).toBe(one.outputs.files?.digest);
  });

  test("stays until it is asked for anew", async () => {
    server.put("/x.bin", { content, etag: '"1"' });
    const params = { url: `${server.base}/x.bin` };
    await run(params);
    server.put("/x.bin", { content: Buffer.from("other"), etag: '"2"' });
    const planned = await project.plan(pipeline(params));
    expect(planned).toMatchObject([{ state: "cached" }]);
    expect(await run(params)).toMatchObject({ outcome: "cached" });
    expect(server.requests).toHaveLength(1);
    const anew = await run(params, ["data"]);
    expect(contentOf(anew, "x.bin").toString()).toBe("other");
  });

  test("that is interrupted goes on from the last byte that came", async () => {
    server.put("/x.bin", { content, etag: '"1"', holdAfter: 400_000 });
    const params = { url: `${server.base}/x.bin`, sha256 };
    const stop = new AbortController();
    const record = await project.run(pipeline(params), {
      stop: stop.signal,
      onEvent(event) {
        if (event.kind === "step-progress" && event.progress.done === 400_000) stop.abort();
      },
    });
    expect(record.outcome).toBe("interrupted");
    expect(entries()).toEqual(["0-400000"]);
    server.put("/x.bin", { content, etag: '"1"' });
    expect(await run(params)).toMatchObject({ metrics: { bytes: content.length, fetched: 600_000 } });
  });

  test("goes on from no chunk that is damaged", async () => {
    server.put("/x.bin", { content: randomBytes(1_000_000), etag: '"1"', cutAfter: 400_000 });
    const params = { url: `${server.base}/x.bin` };
    const stop = new AbortController();
    const onEvent = (): void => {
      if (entries().length === 1) stop.abort();
    };
    await project.run(pipeline(params), { stop: stop.signal, onEvent });
    const [store = ""] = readdirSync(join(project.root, ".flow/stores"));
    const [entry = ""] = entries();
    const chunk = join(project.root, ".flow/stores", store, entry, "bytes");
    chmodSync(chunk, 0o644);
    writeFileSync(chunk, Buffer.alloc(statSync(chunk).size));
    server.put("/x.bin", { content, etag: '"1"' });
    const step = await run(params);
    expect(step.metrics).toEqual({ bytes: content.length, fetched: content.length });
    expect(contentOf(step, "x.bin").equals(content)).toBe(true);
  });

  test("planning asks no server", async () => {
    expect(await project.plan(pipeline({ url: `${server.base}/x.bin` }))).toMatchObject([{ state: "run" }]);
    expect(server.requests).toEqual([]);
  });

  test("what differs in hosts that may be private is no other download", async () => {
    server.put("/x.bin", { content });
    await run({ url: `${server.base}/x.bin`, sha256 });
    const step = await run({ url: `${server.base}/x.bin`, sha256, privateHosts: ["nas.local"] });
    expect(step).toMatchObject({ outcome: "cached" });
  });

  test("fails for another sha256, and keeps nothing", async () => {
    server.put("/x.bin", { content, etag: '"1"' });
    const wrong = "1".repeat(64);
    const step = await run({ url: `${server.base}/x.bin`, sha256: wrong });
    expect(step.failure).toEqual({
      kind: "step",
      message: `${server.base}/x.bin: what came has the sha256 ${sha256}, not ${wrong}; nothing of it is kept`,
    });
    expect(entries()).toEqual([]);
    expect(readdirSync(join(project.root, ".flow/staging"))).toEqual([]);
  });

  test("fails for what leads to another address of this machine", async () => {
    server.put("/x.bin", (_, response) => {
      response.writeHead(302, { location: `http://localhost:${server.port}/y.bin` }).end();
    });
    server.put("/y.bin", { content });
    const step = await run({ url: `${server.base}/x.bin` });
    expect(step.failure?.kind).toBe("step");
    expect(step.failure?.message).toContain("is a loopback address, which no URL leads to");
    const allowed = await run({ url: `${server.base}/x.bin`, privateHosts: ["localhost"] });
    expect(allowed).toMatchObject({ outcome: "ran" });
    expect(filesOf(allowed)).toEqual(["x.bin"]);
  });

  test("fails as the machine's fault where the host is not there", async () => {
    await server.close();
    const step = await run({ url: `${server.base}/x.bin` });
    expect(step.failure).toMatchObject({ kind: "machine" });
    server = await newFileServer();
  });

  test.each([
    [{ url: "ftp://example.org/x.zip" }, "ftp:// is not spoken here"],
    [{ url: ["https://example.org/x.zip", "example.org/x.zip"] }, "this is no URL"],
    [{ url: "https://example.org/" }, "the URL ends in no name that a file can have"],
    [{ url: "https://example.org/%2e%2e" }, "the URL ends in no name that a file can have"],
    [{ url: "https://example.org/x", unpack: false, folder: "x" }, "a file that is not unpacked"],
    [{ url: "https://example.org/x.zip", folder: "a/../../b" }, "this is no path of a folder"],
    [{ url: "https://example.org/x", name: "../x" }, "name"],
  ])("%j is a mistake before anything runs", async (params, message) => {
    await expect(project.plan(pipeline(params))).rejects.toThrow(message);
  });
});

test("the lines that food5k.yaml offers are a download before its splits", async () => {
  const { stepTypes } = await import("../../steps/registry.ts");
  const shipped = readFileSync(new URL("../../pipelines/food5k.yaml", import.meta.url), "utf8");
  const lines = shipped.split("\n");
  const [from, to] = [lines.indexOf("  # data:"), lines.indexOf("  splits:")];
  const offered = lines.slice(from, to).map((line) => line.replace("# ", ""));
  const text = [...lines.slice(0, from), ...offered, ...lines.slice(to)].join("\n");
  const { pipeline: loaded, diagnostics } = loadPipeline({
    ...{ file: "food5k.yaml", types: stepTypes, overrides: [], userHome: undefined },
    text: text.replace(/source:\n[\s\S]*?(?= {4}with:)/, "source: data.files\n"),
    isFile: () => false,
    memory: 4e9,
    exists: () => false,
  });
  expect(diagnostics).toEqual([]);
  expect(loaded?.steps.slice(0, 2)).toMatchObject([
    { id: "data", uses: "download", params: { folder: "Food-5K", unpack: "auto" } },
    { id: "splits", inputs: { source: { step: "data", output: "files" } } },
  ]);
});

describe("an archive", () => {
  const archive = zip({ "Food/a.txt": "a", "Food/b/c.txt": "c", "__other/d.txt": "d" });

  test("is unpacked where its name says so, and is not kept itself", async () => {
    server.put("/food.zip", { content: archive });
    const step = await run({ url: `${server.base}/food.zip` });
    expect(step).toMatchObject({ outcome: "ran", metrics: { bytes: archive.length, files: 3 } });
    expect(filesOf(step)).toEqual(["Food/a.txt", "Food/b/c.txt", "__other/d.txt"]);
  });

  test("stays as it is where it is not to be unpacked", async () => {
    server.put("/food.zip", { content: archive });
    const step = await run({ url: `${server.base}/food.zip`, unpack: false });
    expect(filesOf(step)).toEqual(["food.zip"]);
  });

  test("of which one folder is wanted gives its files alone", async () => {
    server.put("/food", { content: archive });
    const step = await run({ url: `${server.base}/food`, name: "food.zip", folder: "Food" });
    expect(filesOf(step)).toEqual(["a.txt", "b/c.txt"]);
    const none = await run({ url: `${server.base}/food`, name: "food.zip", folder: "Fod" });
    expect(none.failure).toEqual({
      kind: "step",
      message: "food.zip holds no folder Fod; it holds Food, __other",
    });
  });

  test("that is none ends in a sentence", async () => {
    server.put("/food.zip", { content: Buffer.from("<html>log in first</html>") });
    const step = await run({ url: `${server.base}/food.zip` });
    expect(step.failure?.kind).toBe("step");
    expect(step.failure?.message).toMatch(/^food\.zip is no archive/);
    expect(readdirSync(join(project.root, ".flow/staging"))).toEqual([]);
  });
});
