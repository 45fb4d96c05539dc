import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { openCache } from "../../engine/cache/cache.ts";
import type { WorkItem } from "../../engine/division.ts";
import { localExecutor } from "../../engine/execute/local.ts";
import type { Executor, Task, TaskUpdate } from "../../engine/execute/task.ts";
import { type Cluster, startCluster } from "../slurm/cluster.ts";
import { clusterExecutor } from "../slurm/cluster-executor.ts";
import { inProcessExecutor } from "./in-process.ts";
import { toyWorker } from "./toy-program.ts";
import { toySteps } from "./toy-steps.ts";

// Whatever places tasks behaves alike: one suite over all executors.

const started: Cluster | string = startCluster();
// biome-ignore lint/suspicious/noConsole: a skip says why
if (typeof started === "string") console.log(`skipped: ${started}`);
afterAll(() => {
  if (typeof started !== "string") started.remove();
});

const executors: Readonly<Record<string, () => Executor>> = {
  "in this process": () => inProcessExecutor(toySteps),
  "in processes of this machine": () => localExecutor(toyWorker),
  ...(typeof started === "string"
    ? {}
    : { "as jobs of Slurm": () => clusterExecutor(started, join(root, "cache")) }),
};

let root: string;
let executor: Executor;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "flow-executor-"));
});
afterEach(() => {
  executor.close();
  rmSync(root, { recursive: true, force: true });
});

function task(type: string, changes: Partial<Task> = {}): Task {
  const home = join(root, "home");
  const cache = join(root, "cache");
  const runs = join(root, "runs");
  const log = join(root, "s.log");
  const entries = "by-size";
  return { step: "s", type, params: {}, inputs: {}, root, home, cache, runs, log, entries, ...changes };
}

function start(given: Task) {
  const updates: TaskUpdate[] = [];
  const running = executor.start(given, { update: (update) => void updates.push(update) });
  return { ...running, updates };
}

describe.each(Object.entries(executors))("an executor %s", (_, open) => {
  beforeEach(() => {
    executor = open();
  });

  test("publishes the outputs of a step that ends well", async () => {
    const end = await start(task("mix", { params: { salt: "a", results: 9, speed: 1 } })).end;
    if (end.kind !== "done") throw new Error(JSON.stringify(end));
    expect(Object.keys(end.outputs)).toEqual(["out"]);
    const digest = end.outputs.out?.digest ?? "";
    expect(openCache(join(root, "cache")).artifacts.complete(digest)).toBe(true);
    expect(end.peakMemory).toBeGreaterThan(1 << 20);
  });

  test("runs one task after the other", async () => {
    const digests: string[] = [];
    for (const salt of ["a", "b", "a"]) {
      const end = await start(task("mix", { params: { salt, results: 1e6, speed: 1 } })).end;
      if (end.kind === "done") digests.push(end.outputs.out?.digest ?? "");
    }
    expect(digests[0]).toBe(digests[2]);
    expect(digests[0]).not.toBe(digests[1]);
  });

  test("tells what the step says of its mistake", async () => {
    writeFileSync(join(root, "mood"), "no file today");
    const mood = { path: join(root, "mood"), digest: "sha256:0", notes: [] };
    const end = await start(task("fragile", { inputs: { mood } })).end;
    expect(end).toMatchObject({ kind: "failed", failure: { kind: "step", message: "no file today" } });
  });

  test("tells a missing file of the user's from one of the cache", async () => {
    const gone = { path: join(root, "gone"), digest: "sha256:0", notes: [] };
    expect(await start(task("fragile", { inputs: { mood: gone } })).end).toMatchObject({
      failure: { kind: "step", message: `it is not there: ${join(root, "gone")}` },
    });
    const lost = { path: join(root, "cache/artifacts/0"), digest: "sha256:0", notes: [] };
    expect(await start(task("fragile", { inputs: { mood: lost } })).end).toMatchObject({
      failure: { kind: "machine", message: `it is not there: ${join(root, "cache/artifacts/0")}` },
    });
  });

  test("tells progress, and drops what is in hand when it is asked to stop", async () => {
    mkdirSync(join(root, "cache"));
    let told: () => void = () => {};
    const progress = new Promise<void>((resolve) => {
      told = resolve;
    });
    const running = executor.start(task("patient"), { update: () => told() });
    await progress;
    running.stop();
    expect((await running.end).kind).toBe("interrupted");
  });

  test("cuts the items of divided work, and does those that it is given", async () => {
    const given = { params: { items: 5, milliseconds: 0, deadly: -1, wrong: -1 } };
    const cut = await start(task("squares", { ...given, part: { kind: "split" } })).end;
    if (cut.kind !== "split") throw new Error(JSON.stringify(cut));
    expect(cut.items.map(({ name }) => name)).toEqual([0, 1, 2, 3, 4].map((at) => `square ${at}`));
    const { divisions } = openCache(join(root, "cache"));
    const key = `sha256:${"7".repeat(64)}`;
    const work = { items: cut.items, together: 2 };
    await divisions.keep(key, work);
    divisions.setDone(key, 3);
    const dealt = executor.deal(task("squares"), work, divisions.done(key));
    expect([...new Set(dealt.flat())].toSorted()).toEqual(expect.arrayContaining([0, 1, 2, 4]));
    for (const positions of dealt) {
      if (positions === undefined) throw new Error("the items are known");
      const items = positions.map((at) => [at, cut.items[at] as WorkItem] as const);
      const end = await start(task("squares", { ...given, part: { kind: "work", key, items } })).end;
      expect(end).toMatchObject({ kind: "worked" });
    }
    expect(divisions.done(key)).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(readFileSync(join(root, "computed.log"), "utf8").split("\n").toSorted()).toEqual([
      ...["", "item 0", "item 1", "item 2", "item 4"],
    ]);
  });

  test("leaves nothing in staging", async () => {
    await start(task("mix", { params: { salt: "a", results: 9, speed: 1 } })).end;
    await start(task("fragile", { inputs: {} })).end;
    const cache = openCache(join(root, "cache"));
    cache.sweep();
    expect(readdirSync(join(root, "cache/staging"))).toEqual([]);
  });
});
