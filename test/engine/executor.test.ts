import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openCache } from "../../engine/cache/cache.ts";
import { localExecutor } from "../../engine/execute/local.ts";
import type { Executor, Task, TaskUpdate } from "../../engine/execute/task.ts";
import { repository } from "../cli/flow.ts";
import { inProcessExecutor } from "./in-process.ts";
import { toySteps } from "./toy-steps.ts";

// Whatever places tasks behaves alike: one suite over all executors.

const built = mkdtempSync(join(repository, ".dist.toys-"));
const worker = join(built, "test/engine/toy-worker.js");
beforeAll(() => {
  const config = {
    extends: "../tsconfig.json",
    compilerOptions: { rootDir: "..", outDir: "." },
    include: ["../test/engine/toy-worker.ts"],
  };
  writeFileSync(join(built, "tsconfig.json"), JSON.stringify(config));
  execFileSync(process.execPath, [join(repository, "node_modules/typescript/bin/tsc"), "-p", built]);
});
afterAll(() => rmSync(built, { recursive: true }));

const executors: Readonly<Record<string, () => Executor>> = {
  "in this process": () => inProcessExecutor(toySteps),
  "in processes of this machine": () => localExecutor({ file: worker, args: [] }),
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

  test("leaves nothing in staging", async () => {
    await start(task("mix", { params: { salt: "a", results: 9, speed: 1 } })).end;
    await start(task("fragile", { inputs: {} })).end;
    const cache = openCache(join(root, "cache"));
    cache.sweep();
    expect(readdirSync(join(root, "cache/staging"))).toEqual([]);
  });
});
