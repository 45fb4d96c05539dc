import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defineStep } from "../../engine/define-step.ts";
import type { RunRecord } from "../../engine/record/run-record.ts";
import { sha256 } from "../../engine/remote/format.ts";
import { openFolderStore } from "../../engine/remote/objects/folder.ts";
import { ObjectError, type ObjectStore } from "../../engine/remote/objects/object-store.ts";
import { OF_A_RUN } from "../../engine/remote/patience.ts";
import { openRemote, type Remote, type RemoteOptions } from "../../engine/remote/remote.ts";
import { newProject, type Project } from "../engine/project.ts";

// Results that others have made. What is not what its name says is never used.

/** Files of all sizes, an executable one, an empty one; and entries of a store that it leans on. */
const files = defineStep({
  name: "files",
  version: 1,
  description: "For tests.",
  params: {
    type: "object",
    additionalProperties: false,
    properties: {
      small: { type: "integer", default: 20 },
      megabytes: { type: "integer", default: 0 },
      entries: { type: "integer", default: 0 },
    },
  } as const,
  inputs: { source: { description: "Anything.", optional: true } },
  outputs: ["out"],
  async run(ctx) {
    const { small, megabytes, entries } = ctx.params;
    const out = ctx.output("out");
    mkdirSync(join(out, "some/folder"), { recursive: true });
    writeFileSync(join(out, "empty"), "");
    for (let at = 0; at < small; at++)
      writeFileSync(join(out, `some/folder/${at}`), `file ${at}`.repeat((at % 97) + 1));
    if (megabytes > 0) writeFileSync(join(out, "large"), pattern(megabytes * 1e6 + 7));
    const store = ctx.store({ some: "store" });
    for (let at = 0; at < entries; at++) {
      const entry = await store.publish(`entry-${at}`, async (folder) => {
        writeFileSync(join(folder, "values"), `value ${at}`.repeat(100));
        writeFileSync(join(folder, "other"), "the same in all");
        return { z: at, about: "an entry" };
      });
      store.lean(entry);
    }
  },
});

function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length - 4; at += 4) bytes.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
  return bytes;
}

const pipeline = (params: string): string =>
  `name: shared\nsteps:\n  make: { uses: files, with: { ${params} } }\n`;

let root: string;
let remoteFolder: string;
let notes: string[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "flow-sharing-"));
  remoteFolder = join(root, "remote");
  notes = [];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

let machines = 0;
function machine(): Project {
  const folder = join(root, `machine-${machines++}`);
  mkdirSync(folder);
  return newProject([files], folder);
}

function remoteOf(project: Project, changes: Partial<RemoteOptions> = {}): Remote {
  return openRemote({
    ...{ name: "the remote", cache: project.cache, push: "trusting", ...OF_A_RUN },
    signal: new AbortController().signal,
    open: async () => openFolderStore(remoteFolder),
    note: (text) => void notes.push(text),
    ...changes,
  });
}

async function runWith(
  project: Project,
  text: string,
  changes: Partial<RemoteOptions> = {},
): Promise<RunRecord> {
  const remote = remoteOf(project, changes);
  const record = await project.run(text, { remote });
  await remote.close();
  return record;
}

const make = (record: RunRecord) => record.steps.make;
const objects = (): readonly string[] =>
  readdirSync(join(remoteFolder, "objects")).flatMap((start) =>
    readdirSync(join(remoteFolder, "objects", start)).map((rest) =>
      join(remoteFolder, "objects", start, rest),
    ),
  );
function below(folder: string): Record<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return Object.fromEntries(
    found.map((one) => {
      const path = join(one.parentPath, one.name);
      return [path.slice(folder.length), `${sha256(readFileSync(path))} ${statSync(path).mode & 0o777}`];
    }),
  );
}
/** What two caches must have alike. */
const kept = (project: Project) => ({
  artifacts: below(join(project.cache.folder, "artifacts")),
  stores: existsSync(join(project.cache.folder, "stores")) ? below(join(project.cache.folder, "stores")) : {},
});

describe("a second machine", () => {
  test("has everything from the first, to the byte, and computes nothing", async () => {
    const [one, two] = [machine(), machine()];
    const text = pipeline("entries: 300, megabytes: 40");
    expect(make(await runWith(one, text))).toMatchObject({ outcome: "ran" });
    const record = await runWith(two, text);
    expect(make(record)).toMatchObject({ outcome: "cached", remote: "the remote", from: "run-0" });
    expect(kept(two)).toEqual(kept(one));
    expect(notes).toEqual([]);
    expect(make(await two.run(text))).toMatchObject({ outcome: "cached" });
    // Two entries' files, the small files, a large one in parts, three lists: few objects.
    expect(objects().length).toBeLessThan(12);
  });

  test("of what changes a little gets and sends a little", async () => {
    const [one, two] = [machine(), machine()];
    await runWith(one, pipeline("small: 500, entries: 40, megabytes: 20"));
    await runWith(two, pipeline("small: 500, entries: 40, megabytes: 20"));
    const before = objects().length;
    const remote = remoteOf(two);
    await two.run(pipeline("small: 501, entries: 41, megabytes: 20"), { remote });
    const { pushed, pushedBytes } = await remote.close();
    expect({ pushed, new: objects().length - before }).toEqual({ pushed: 1, new: 3 });
    expect(pushedBytes).toBeLessThan(60_000);
    const three = machine();
    expect(make(await runWith(three, pipeline("small: 501, entries: 41, megabytes: 20")))?.outcome).toBe(
      "cached",
    );
    // The other has what it had before as well.
    expect(kept(two)).toMatchObject(kept(three));
  });

  test("ten thousand small files are a few objects", async () => {
    await runWith(machine(), pipeline("small: 10000"));
    expect(objects().length).toBeLessThan(60);
    const asked = { reads: 0 };
    const counting = async (): Promise<ObjectStore> => {
      const store = openFolderStore(remoteFolder);
      return { ...store, read: (...args) => (asked.reads++, store.read(...args)) };
    };
    expect(make(await runWith(machine(), pipeline("small: 10000"), { open: counting }))?.outcome).toBe(
      "cached",
    );
    expect(asked.reads).toBeLessThan(60);
  });

  test("that may only read computes what is not there, and says that it sends nothing", async () => {
    await runWith(machine(), pipeline("small: 3"));
    const readOnly = async (): Promise<ObjectStore> => ({
      ...openFolderStore(remoteFolder),
      write: async () => {
        throw new ObjectError("refused", "may not be written");
      },
    });
    expect(make(await runWith(machine(), pipeline("small: 3"), { open: readOnly }))?.outcome).toBe("cached");
    expect(make(await runWith(machine(), pipeline("small: 4"), { open: readOnly }))?.outcome).toBe("ran");
    expect(notes).toEqual(["the remote: may not be written; what was made is not sent"]);
    notes = [];
    await runWith(machine(), pipeline("small: 5"), { open: readOnly, push: "never" });
    expect(notes).toEqual([]);
  });

  test("two that send the same at once are harmless", async () => {
    const text = pipeline("entries: 20, megabytes: 5");
    await Promise.all([runWith(machine(), text), runWith(machine(), text)]);
    expect(notes).toEqual([]);
    expect(make(await runWith(machine(), text))?.outcome).toBe("cached");
  });
});

describe("what is damaged", () => {
  test("wherever it is, is refused, said, made anew, and mended", async () => {
    const text = pipeline("small: 30, entries: 3, megabytes: 6");
    const first = machine();
    await runWith(first, text);
    const whole = join(root, "whole");
    cpSync(remoteFolder, whole, { recursive: true });
    const all = readdirSync(whole, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && one.name !== "flow.json")
      .map((one) => join(one.parentPath, one.name).slice(whole.length));
    const ways: readonly ((bytes: Buffer) => Buffer | undefined)[] = [
      () => undefined,
      (bytes) => bytes.subarray(0, bytes.length >> 1),
      () => Buffer.alloc(0),
      (bytes) => Buffer.from(bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 1 : byte))),
      (bytes) => Buffer.concat([bytes, Buffer.from("\n{}")]),
    ];
    for (const path of all) {
      for (const damage of ways) {
        rmSync(remoteFolder, { recursive: true });
        cpSync(whole, remoteFolder, { recursive: true });
        const bytes = damage(readFileSync(join(remoteFolder, path)));
        if (bytes === undefined) rmSync(join(remoteFolder, path));
        else writeFileSync(join(remoteFolder, path), bytes);
        notes = [];
        const two = machine();
        const record = await runWith(two, text);
        const isKeyGone = bytes === undefined && path.startsWith("/keys/");
        expect({ path, outcome: make(record)?.outcome }).toEqual({ path, outcome: "ran" });
        expect(kept(two)).toEqual(kept(first));
        expect(notes.length, path).toBe(isKeyGone ? 0 : 1);
        if (!isKeyGone)
          expect(notes[0]).toMatch(/^the remote: what it has of make is damaged and not used: /);
        // Whoever made it anew has mended it.
        notes = [];
        expect({ path, outcome: make(await runWith(machine(), text))?.outcome }).toEqual({
          path,
          outcome: "cached",
        });
        expect(notes).toEqual([]);
        two.remove();
      }
    }
  });

  test("a record that is of another key, or whose fields are others, is refused", async () => {
    const project = machine();
    const text = pipeline("small: 2");
    await runWith(project, text);
    await runWith(project, pipeline("small: 3"));
    const [a = "", b = ""] = readdirSync(join(remoteFolder, "keys")).map((name) =>
      join(remoteFolder, "keys", name),
    );
    const [one, other] = [readFileSync(a, "utf8"), readFileSync(b, "utf8")];
    const lies = [
      [other, one],
      [one, other].map((json) => json.replace(/"small":(\d)/, '"small":9')),
      [one, other].map((json) => json.replace(/"version":1/, '"version":2')),
      [one, other].map((json) => json.replace(/"format":1/, '"format":2')),
      [one, other].map((json) => json.replace(/"leans":\[\]/, '"leans":[{"store":"..","entry":"x"}]')),
    ];
    for (const [first = "", second = ""] of lies) {
      writeFileSync(a, first);
      writeFileSync(b, second);
      notes = [];
      expect(make(await runWith(machine(), text, { push: "never" }))?.outcome).toBe("ran");
      expect(notes).toHaveLength(1);
    }
  });

  test.each([
    ["leads out", "../../../escaped"],
    ["is absolute", "/tmp/escaped"],
    ["goes by another", "some/folder/../../escaped"],
    ["is the folder", ""],
  ])("a list with a path that %s writes nothing anywhere", async (_, path) => {
    const text = pipeline("small: 2");
    await runWith(machine(), text);
    const [list = ""] = objects().filter((file) => isList(file));
    const [key = ""] = readdirSync(join(remoteFolder, "keys"));
    const tree = JSON.parse(gunzipSync(readFileSync(list)).toString()) as { tree: { path: string }[] };
    const bytes = gzipSync(JSON.stringify({ ...tree, tree: [{ ...tree.tree[1], path }] }));
    const name = sha256(bytes);
    mkdirSync(join(remoteFolder, "objects", name.slice(0, 2)), { recursive: true });
    writeFileSync(join(remoteFolder, "objects", name.slice(0, 2), name.slice(2)), bytes);
    const record = readFileSync(join(remoteFolder, "keys", key), "utf8");
    const old = list.split("/").slice(-2).join("");
    writeFileSync(join(remoteFolder, "keys", key), record.replace(old, name));
    const two = machine();
    expect(make(await runWith(two, text, { push: "never" }))?.outcome).toBe("ran");
    expect(notes).toHaveLength(1);
    expect(existsSync(join(root, "escaped")) || existsSync("/tmp/escaped")).toBe(false);
  });

  test("a list that grows without end is not unpacked", async () => {
    const text = pipeline("small: 2");
    await runWith(machine(), text);
    const [list = ""] = objects().filter((file) => isList(file));
    const bytes = gzipSync(Buffer.alloc(600 << 20));
    const name = sha256(bytes);
    mkdirSync(join(remoteFolder, "objects", name.slice(0, 2)), { recursive: true });
    writeFileSync(join(remoteFolder, "objects", name.slice(0, 2), name.slice(2)), bytes);
    const [key = ""] = readdirSync(join(remoteFolder, "keys"));
    const record = readFileSync(join(remoteFolder, "keys", key), "utf8");
    writeFileSync(join(remoteFolder, "keys", key), record.replace(list.split("/").slice(-2).join(""), name));
    expect(make(await runWith(machine(), text, { push: "never" }))?.outcome).toBe("ran");
    expect(notes).toEqual(["the remote: what it has of make is damaged and not used: a list is not one"]);
  });

  test("here is not sent", async () => {
    const project = machine();
    const record = await project.run(pipeline("small: 2"));
    const digest = make(record)?.outputs.out?.digest ?? "";
    const file = join(project.cache.artifacts.path(digest), "some/folder/1");
    rmSync(file);
    writeFileSync(file, "file 1file 2");
    const remote = remoteOf(project, { push: "checked" });
    const kept = project.cache.keys.read(make(record)?.key ?? "");
    if (kept !== undefined) remote.push({ step: "make", record: kept });
    expect((await remote.close()).pushed).toBe(0);
    expect(notes).toEqual(["the remote: make: an output in the cache is damaged: nothing of it is sent"]);
    expect(existsSync(join(remoteFolder, "keys"))).toBe(false);
  });
});

function isList(file: string): boolean {
  return readFileSync(file).subarray(0, 2).toString("hex") === "1f8b";
}

describe("a transfer that is cut", () => {
  /** Fails for good after so many objects have been read or written. */
  const cutAfter = (count: number) => async (): Promise<ObjectStore> => {
    const store = openFolderStore(remoteFolder);
    let left = count;
    const pass = <Result>(work: () => Promise<Result>): Promise<Result> =>
      left-- > 0 ? work() : Promise.reject(new ObjectError("away", "it was cut"));
    return {
      ...store,
      read: (...args) => pass(() => store.read(...args)),
      write: (...args) => pass(() => store.write(...args)),
    };
  };
  const short = { patienceMs: 10, silenceMs: 1000 };

  test("goes on where it was, both ways, wherever it was cut", async () => {
    const text = pipeline("small: 50, entries: 5, megabytes: 60");
    const one = machine();
    const record = await one.run(text);
    const keyRecord = one.cache.keys.read(make(record)?.key ?? "");
    if (keyRecord === undefined) throw new Error("no record");
    for (let cut = 1; ; cut++) {
      const remote = remoteOf(one, { open: cutAfter(cut), ...short });
      remote.push({ step: "make", record: keyRecord });
      const { pushed } = await remote.close();
      if (pushed === 1) break;
      // No key is there before all that it names.
      expect(existsSync(join(remoteFolder, "keys"))).toBe(false);
    }
    const two = machine();
    const bytes: number[] = [];
    for (let cut = 3; bytes.length < 20; cut++) {
      const remote = remoteOf(two, { open: cutAfter(cut), ...short, push: "never" });
      const done: number[] = [];
      const found = await remote.fetch({
        ...{ key: keyRecord.key, step: "make", folderOf: () => undefined },
        onProgress: (sum) => void done.push(sum),
      });
      bytes.push(done.at(-1) ?? 0);
      if (found !== undefined) break;
    }
    expect(kept(two)).toEqual(kept(one));
    expect(existsSync(join(two.cache.folder, "incoming", "x"))).toBe(false);
    expect(readdirSync(join(two.cache.folder, "incoming"))).toEqual([]);
  });

  test("costs a run no more than ten seconds in all, and fails nothing", async () => {
    await runWith(machine(), pipeline("small: 2"));
    notes = [];
    const asked = { times: 0 };
    const away = async (): Promise<ObjectStore> => {
      const refuse = (): Promise<never> => {
        asked.times++;
        return Promise.reject(new ObjectError("away", "nobody answers"));
      };
      return { ...openFolderStore(remoteFolder), read: refuse, has: refuse, write: refuse };
    };
    const began = performance.now();
    const record = await runWith(machine(), pipeline("small: 2"), { open: away });
    expect(make(record)?.outcome).toBe("ran");
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(notes).toEqual(["the remote: nobody answers; the run goes on without it"]);
    expect(asked.times).toBeLessThan(10);
  });

  test("by a server that was only busy is tried again", async () => {
    await runWith(machine(), pipeline("small: 2"));
    let refusals = 3;
    const busy = async (): Promise<ObjectStore> => {
      const store = openFolderStore(remoteFolder);
      return {
        ...store,
        read: (...args) =>
          refusals-- > 0 ? Promise.reject(new ObjectError("away", "503")) : store.read(...args),
      };
    };
    expect(make(await runWith(machine(), pipeline("small: 2"), { open: busy }))?.outcome).toBe("cached");
    expect(notes).toEqual([]);
  });
});

test("whatever a result is made of, it comes over whole", async () => {
  const [one, two] = [machine(), machine()];
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 40 }),
      fc.nat({ max: 12 }),
      fc.nat({ max: 18 }),
      async (small, entries, megabytes) => {
        const text = pipeline(`small: ${small}, entries: ${entries}, megabytes: ${megabytes}`);
        await runWith(one, text);
        expect(make(await runWith(two, text))?.outcome).toBe("cached");
      },
    ),
    { numRuns: 15 },
  );
  expect(kept(two).artifacts).toEqual(kept(one).artifacts);
  expect(notes).toEqual([]);
});

test("something else that is kept there is left alone", async () => {
  mkdirSync(remoteFolder);
  writeFileSync(join(remoteFolder, "flow.json"), '{"name":"a project"}');
  expect(make(await runWith(machine(), pipeline("small: 2")))?.outcome).toBe("ran");
  expect(notes[0]).toContain("something else is kept there");
  expect(readdirSync(remoteFolder)).toEqual(["flow.json"]);
});
