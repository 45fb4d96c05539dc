import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { defineStep } from "../../engine/define-step.ts";
import type { StepPlan } from "../../engine/plan/plan.ts";
import type { Event } from "../../engine/record/event.ts";
import { foldRun } from "../../engine/record/run-record.ts";
import { resolver } from "../../engine/resolve.ts";
import { StepError, type StepType } from "../../engine/step-type.ts";
import { idsOf, newProject, type Project } from "./project.ts";
import { mix } from "./toy-steps.ts";

/** What `resolve` of the toy does beside its work, and how often it was asked and looked into its input. */
let onResolve: () => void;
let asked: number;
let looked: number;

/** Takes the short way with up to three characters, else the long one. */
const walk = defineStep({
  name: "walk",
  version: 1,
  description: "For tests.",
  params: {
    type: "object",
    additionalProperties: false,
    properties: {
      way: { enum: ["auto", "short", "long"], default: "auto", "x-resolved": "auto" },
      pace: { type: "integer", default: 1 },
      speed: { type: "integer", default: 1, "x-unkeyed": true },
    },
  },
  inputs: { road: { description: "A file, or the output of a mix." } },
  outputs: ["out"],
  resolve(params, { road }) {
    asked++;
    onResolve();
    const length = road.recall("length", () => {
      looked++;
      return textOf(road.path).length;
    });
    if (params.way === "short" && length > 3) throw new StepError(`${length} is too long for the short way`);
    const fitting = length > 3 ? ("long" as const) : ("short" as const);
    return params.way === "auto" ? { ...params, way: fitting } : params;
  },
  outlook: async ({ params, earlier }) => {
    return { toDo: earlier.length, total: 9, unit: String(params.way), verb: "to walk" };
  },
  async run(ctx) {
    writeFileSync(join(ctx.output("out"), "value"), ctx.params.way);
  },
});

function textOf(path: string): string {
  return readFileSync(statSync(path).isDirectory() ? join(path, "value") : path, "utf8");
}

let project: Project;
beforeEach(() => {
  onResolve = () => {};
  [asked, looked] = [0, 0];
  project = newProject([mix, walk]);
  mkdirSync(join(project.root, "data"));
  write("road", "abc");
  write("seed", "1");
});
afterEach(() => project.remove());

function write(name: string, content: string): void {
  writeFileSync(join(project.root, "data", name), content);
}

async function planOf(text: string, id: string): Promise<StepPlan> {
  return (await project.plan(text)).find(({ step }) => step.id === id) as StepPlan;
}

const bySource = `
name: source
steps:
  walk:
    uses: walk
    inputs: { road: ./data/road }
    with: { way: auto }
`;
/** The first step makes one character, whatever its seed; others follow. */
const byOutput = `
name: output
steps:
  road:
    uses: mix
    inputs: { seed: ./data/seed }
    with: { results: 10 }
  walk:
    uses: walk
    inputs: { road: road.out }
  after:
    uses: mix
    inputs: { walked: walk.out }
`;

test("what a parameter comes to is what the step is given, and in plan, key and record", async () => {
  expect(await planOf(bySource, "walk")).toMatchObject({ state: "run", left: { way: "short" } });
  const events: Event[] = [];
  const record = await project.run(bySource, { onEvent: (event) => events.push(event) });
  expect(project.read(record, "walk", "out", "value")).toBe("short");
  const params = { way: "short", pace: 1, speed: 1 };
  expect(record.steps.walk).toMatchObject({ outcome: "ran", params });
  const key = record.steps.walk?.key ?? "";
  expect(project.cache.keys.read(key)?.params).toEqual({ way: "short", pace: 1 });
  expect(await planOf(bySource, "walk")).toMatchObject({ state: "cached", key, left: { way: "short" } });
  expect((await project.run(bySource)).steps.walk).toMatchObject({ outcome: "cached", key, params });
  // The run began with what is written.
  expect(events[0]).toMatchObject({ steps: [{ params: { way: "auto" } }] });
});

test("written out it is the same execution, and two such steps are one", async () => {
  await project.run(bySource);
  const explicit = bySource.replace("way: auto", "way: short");
  expect(await planOf(explicit, "walk")).toMatchObject({ state: "cached", left: {} });
  const both = `${bySource}  same:\n    uses: walk\n    inputs: { road: ./data/road }\n    with: { way: short, pace: 2 }\n`;
  const record = await project.run(both.replace("way: auto", "pace: 2"));
  expect(record.steps.walk?.key).toBe(record.steps.same?.key);
  expect([...idsOf(record, "ran"), ...idsOf(record, "cached")].sort()).toEqual(["same", "walk"]);
  expect(idsOf(record, "ran")).toHaveLength(1);
});

test("an input that turns it says so with both values", async () => {
  await project.run(bySource);
  write("road", "abcdef");
  const planned = await planOf(bySource, "walk");
  expect(planned).toMatchObject({
    state: "run",
    reasons: [
      { kind: "param-changed", path: "way", old: "short", new: "long", line: 7 },
      { kind: "input-changed", input: "road" },
    ],
  });
  const record = await project.run(bySource);
  expect(project.read(record, "walk", "out", "value")).toBe("long");
});

test("while an input is still to be made it is as written, and no reason to run", async () => {
  expect(await planOf(byOutput, "walk")).toMatchObject({ left: { way: "auto" }, state: "run" });
  const record = await project.run(byOutput);
  expect(record.steps.walk).toMatchObject({ outcome: "ran", params: { way: "short" } });
  expect(await planOf(byOutput, "walk")).toMatchObject({ left: { way: "short" }, state: "cached" });
  // Of ten results one soon comes again: then nothing more runs.
  const seen = new Set([record.steps.road?.outputs.out?.digest]);
  for (let seed = 2, comesAgain = false; !comesAgain; seed++) {
    write("seed", String(seed));
    expect(await planOf(byOutput, "walk")).toMatchObject({
      left: { way: "auto" },
      state: "may-run",
      reasons: [{ kind: "upstream", step: "road" }],
    });
    const { road, walk } = (await project.run(byOutput)).steps;
    const digest = road?.outputs.out?.digest;
    comesAgain = seen.has(digest);
    seen.add(digest);
    expect(walk).toMatchObject({ outcome: comesAgain ? "cached" : "ran", params: { way: "short" } });
  }
});

test("earlier executions are those that came to the same", async () => {
  const outlooks: unknown[] = [];
  const onEvent = (event: Event): void => {
    if (event.kind === "step-started") outlooks.push(event.outlook);
  };
  for (const road of ["abc", "abcd", "ab"]) {
    write("road", road);
    await project.run(bySource, { onEvent });
  }
  expect(outlooks).toMatchObject([
    { toDo: 0, unit: "short" },
    { toDo: 0, unit: "long" },
    { toDo: 1, unit: "short" },
  ]);
});

test("what does not fit the inputs blocks the plan, with the step type's sentence", async () => {
  write("road", "abcdef");
  const short = bySource.replace("way: auto", "way: short");
  const refused = "6 is too long for the short way";
  expect(await planOf(short, "walk")).toMatchObject({ state: "blocked", missing: [], refused });
  const { walk } = (await project.run(short)).steps;
  expect(walk).toMatchObject({ outcome: "failed", failure: { kind: "step", message: refused } });
});

test("what shows only in the run fails the step alone", async () => {
  const long = byOutput
    .replace("results: 10", "results: 1000000")
    .replace("road.out }", "road.out }\n    with: { way: short }");
  const other = `${long}  other:\n    uses: mix\n    inputs: { walked: ./data/road }\n`;
  const record = await project.run(other, { keepGoing: true });
  expect(record.steps.walk?.failure?.message).toMatch(/^[4-6] is too long for the short way$/);
  expect(idsOf(record, "ran")).toEqual(["road", "other"]);
  expect(idsOf(record, "skipped")).toEqual(["after"]);

  onResolve = () => {
    throw new TypeError("a mistake of ours");
  };
  const failed = await project.run(byOutput.replace("results: 10", "results: 9"));
  expect(failed.steps.walk).toMatchObject({ failure: { kind: "bug", message: "a mistake of ours" } });
});

test("what cannot be read leaves it open, and fails the step in its turn", async () => {
  await project.run(bySource);
  onResolve = () => {
    throw Object.assign(new Error("EACCES"), { code: "EACCES", syscall: "open", path: "/road/value" });
  };
  const planned = await planOf(bySource, "walk");
  expect(planned).toMatchObject({ state: "run", left: { way: "auto" } });
  expect(planned.key).toBeUndefined();
  const { walk } = (await project.run(bySource)).steps;
  expect(walk).toMatchObject({ failure: { kind: "step", message: "permission is denied: /road/value" } });
});

test("an artifact that is gone leaves it open, whatever the step type says of that", async () => {
  const record = await project.run(byOutput);
  const { digest = "" } = record.steps.road?.outputs.out ?? {};
  const params = { way: "auto", pace: 1, speed: 1 };
  const inputs = { road: { digest, place: { kind: "artifact", digest } } } as const;
  const ask = resolver(project.root, project.cache);
  asked = 0;
  const resolution = { kind: "resolved", params: { ...params, way: "short" } };
  expect([ask(walk, params, inputs), ask(walk, params, inputs)]).toEqual([resolution, resolution]);
  expect(asked).toBe(1);

  for (const gone of [project.cache.artifacts.path(digest), join(project.root, ".flow/index")]) {
    rmSync(gone, { recursive: true });
  }
  expect(await planOf(byOutput, "walk")).toMatchObject({ state: "may-run", left: { way: "auto" } });
  expect(resolver(project.root, project.cache)(walk, params, inputs)).toMatchObject({
    kind: "unreadable",
    failure: { kind: "step", message: expect.stringMatching("the input road was taken out of the cache") },
  });
  expect(idsOf(await project.run(byOutput), "ran")).toEqual(["road"]);
});

test("what was found out of an artifact is remembered, that of a source is not: it may be another by now", async () => {
  await project.run(byOutput);
  const before = looked;
  await project.plan(byOutput);
  expect(looked).toBe(before);
  await project.plan(bySource);
  await project.plan(bySource);
  expect(looked).toBe(before + 2);
});

test("a step type that leaves it open all the same has a mistake", async () => {
  const lazy: StepType = { ...walk, resolve: (params) => params };
  const other = newProject([lazy], project.root);
  await expect(other.plan(bySource)).rejects.toThrow("walk leaves way unresolved");
});

test("records of an older flow, which knew no other parameters than the written ones, are read", () => {
  const fold = foldRun();
  const at = "2026-01-01T00:00:00.000Z";
  const params = { way: "auto" };
  fold.add({
    ...{ kind: "run-started", at, run: "r", pipeline: "p", params: {}, host: "h", pid: 1, environment: {} },
    steps: ["a", "b"].map((id) => ({ id, uses: "walk", params })),
  });
  fold.add({ kind: "step-started", at, step: "a", key: "k", inputs: {}, reasons: [] });
  const done = { kind: "step-finished", at, seconds: 0, metrics: {}, outputs: {} } as const;
  fold.add({ ...done, step: "b", outcome: "cached", cached: { key: "k", inputs: {}, run: "q" } });
  expect(fold.record()?.steps).toMatchObject({ a: { params }, b: { params, from: "q" } });
});
