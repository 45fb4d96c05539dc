import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newWorkplace, commandPipeline as pipeline, type Workplace } from "./flow.ts";

// What counts as a change of what a step reads.

let place: Workplace;
afterEach(() => place.remove());

beforeEach(() => {
  place = newWorkplace();
  mkdirSync(join(place.root, "data"));
  place.write("data/a", "aaaa");
  place.write("p.yaml", pipeline("inputs: { d: ./data }, ", "cat $FLOW_INPUT_D/a > $FLOW_OUTPUT_O/f"));
});
const outcome = async (...args: string[]): Promise<unknown> => {
  expect(await place.flow(["run", "p.yaml", ...args])).toMatchObject({ code: 0, stderr: "" });
  return place.record().steps.s?.outcome;
};

test("an edit of the same size and time is seen", async () => {
  utimesSync(join(place.root, "data/a"), 0, 0);
  await outcome();
  place.write("data/a", "bbbb");
  utimesSync(join(place.root, "data/a"), 0, 0);
  expect(await outcome()).toBe("ran");
  expect(readFileSync(join(place.root, "runs/latest/s/o/f"), "utf8")).toBe("bbbb");
});

test("what is nobody's input changes nothing", async () => {
  await outcome();
  const names = [
    "__pycache__/m.pyc",
    ".DS_Store",
    "Thumbs.db",
    "._a",
    ".git/HEAD",
    ".svn/x",
    ".a.swp",
    "a~",
    "#a#",
    ".~lock.a#",
  ];
  for (const name of names) {
    mkdirSync(join(place.root, "data", name, ".."), { recursive: true });
    place.write(join("data", name), "");
  }
  expect(spawnSync("ln", ["-s", "user@host.1:2", join(place.root, "data/.#a")]).status).toBe(0);
  expect(await outcome()).toBe("cached");
  place.write("data/b", "");
  expect(await outcome()).toBe("ran");
});

test(".flowignore leaves out more, in gitignore's syntax; a path that is named is never left out", async () => {
  place.write(".flowignore", "*.tmp\n!keep.tmp\ndata/cache/\n");
  mkdirSync(join(place.root, "data/cache"));
  await outcome();
  for (const name of ["data/x.tmp", "data/cache/y"]) place.write(name, "");
  expect(await outcome()).toBe("cached");
  place.write("data/keep.tmp", "");
  expect(await outcome()).toBe("ran");
  place.write("p.yaml", pipeline("inputs: { d: ./data/x.tmp }, ", "cat $FLOW_INPUT_D > $FLOW_OUTPUT_O/f"));
  await outcome();
  place.write("data/x.tmp", "changed");
  expect(await outcome()).toBe("ran");
});

test(".flowignore names files as they are written, and leaves nothing of a named folder out with the folder", async () => {
  mkdirSync(join(place.root, "data/raw"));
  for (const name of ["a", "b.tmp", "C.TMP"]) place.write(`data/raw/${name}`, "");
  place.write(".flowignore", "data/\n*.tmp\n");
  place.write("p.yaml", pipeline("inputs: { d: ./data/raw }, ", "echo > $FLOW_OUTPUT_O/f"));
  await outcome();
  const reasons = async (): Promise<string> => (await place.flow(["plan", "p.yaml"])).stdout;
  place.write("data/raw/b.tmp", "changed");
  expect(await reasons()).toContain("1 cached");
  place.write("data/raw/C.TMP", "changed");
  expect(await reasons()).toContain("1 to run");
  place.write("data/raw/C.TMP", "");
  place.write("data/raw/a", "changed");
  expect(await reasons()).toContain("1 to run");
});

test("the project itself can be a source: flow's own folders are no part of it", async () => {
  place.write("p.yaml", pipeline("inputs: { d: . }, ", "ls $FLOW_INPUT_D > $FLOW_OUTPUT_O/f"));
  expect(await outcome()).toBe("ran");
  expect(await outcome()).toBe("cached");
});

test("nor where the project is called by a link, before there is a cache", async () => {
  symlinkSync(place.root, join(place.root, "link"));
  place.write(".flowignore", "/link\n");
  place.write("p.yaml", pipeline("inputs: { a: ./data, d: . }, ", "ls $FLOW_INPUT_D > $FLOW_OUTPUT_O/f"));
  expect(await outcome("-C", join(place.root, "link"))).toBe("ran");
  expect(await outcome()).toBe("cached");
});

test("neither a FIFO nor a name that is not UTF-8 hangs or crashes anything", async () => {
  expect(spawnSync("mkfifo", [join(place.root, "data/fifo")]).status).toBe(0);
  const fifo = await place.flow(["plan", "p.yaml"]);
  expect(fifo).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/data\/fifo is neither a file nor a folder/),
  });
  rmSync(join(place.root, "data/fifo"));
  writeFileSync(Buffer.concat([Buffer.from(join(place.root, "data/caf")), Buffer.from([0xe9])]), "");
  const latin = await place.flow(["plan", "p.yaml"]);
  expect(latin).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/the name caf\\xe9 in .*data is not UTF-8/),
  });
});

test("a FIFO hangs nothing, wherever a file is wanted", async () => {
  const fifo = (name: string) => expect(spawnSync("mkfifo", [join(place.root, name)]).status).toBe(0);
  const extract = (network: string): string =>
    `name: p\nsteps:\n  s: { uses: extract, inputs: { images: ./data, network: ${network} }, with: { input: { scaling: none } } }\n`;
  mkdirSync(join(place.root, "net"));
  fifo("net/model.json");
  fifo("net.json");
  for (const [network, named] of [["./net", "net/model.json"], ["./net.json"], ["/dev/zero"]] as const) {
    place.write("n.yaml", extract(network));
    const { code, stderr } = await place.flow(["plan", "n.yaml"]);
    expect({ network, code }).toEqual({ network, code: 2 });
    expect(stderr).toMatch(new RegExp(`${named ?? network.replace("./", "")} is not a file`));
  }
  fifo("pipe.yaml");
  expect(await place.flow(["validate", "pipe.yaml"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("pipe.yaml is a pipe"),
  });
  fifo(".flowignore");
  expect(await outcome()).toBe("ran");
});

test("a link to a folder whose name is not UTF-8 is followed", async () => {
  const target = Buffer.concat([Buffer.from(join(place.root, "caf")), Buffer.from([0xe9])]);
  mkdirSync(target);
  writeFileSync(Buffer.concat([target, Buffer.from("/a")]), "1");
  symlinkSync(target, join(place.root, "data/link"));
  place.write("p.yaml", pipeline("inputs: { d: ./data }, ", "cat $FLOW_INPUT_D/link/a > $FLOW_OUTPUT_O/f"));
  expect(await outcome()).toBe("ran");
  writeFileSync(Buffer.concat([target, Buffer.from("/a")]), "2");
  expect(await outcome()).toBe("ran");
});

test("a new name for a file (a hard link) while a step reads it does not fail the step", async () => {
  place.write(
    "p.yaml",
    pipeline("inputs: { d: ./data }, ", "ln data/a other; cat $FLOW_INPUT_D/a > $FLOW_OUTPUT_O/f"),
  );
  expect(await outcome()).toBe("ran");
});

test("an edit while a step reads fails it, also where the content is back, and the path is named", async () => {
  const run =
    "sleep 0.01; printf bbbb > data/a; printf aaaa > data/a; cat $FLOW_INPUT_D/a > $FLOW_OUTPUT_O/f";
  place.write("p.yaml", pipeline("inputs: { d: ./data }, ", run));
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/data\/a changed while the step read it/);
});
