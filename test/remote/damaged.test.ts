import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../engine/remote/format.ts";
import {
  kept,
  machine,
  make,
  notes,
  objects,
  pipeline,
  remoteFolder,
  remoteOf,
  root,
  runWith,
} from "./machines.ts";

// What is not what its name says is never used.

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
        notes.length = 0;
        const two = machine();
        const record = await runWith(two, text);
        const isKeyGone = bytes === undefined && path.startsWith("/keys/");
        expect({ path, outcome: make(record)?.outcome }).toEqual({ path, outcome: "ran" });
        expect(kept(two)).toEqual(kept(first));
        expect(notes.length, path).toBe(isKeyGone ? 0 : 1);
        if (!isKeyGone)
          expect(notes[0]).toMatch(/^the remote: what it has of make is damaged and not used: /);
        // Whoever made it anew has mended it.
        notes.length = 0;
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
      notes.length = 0;
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
