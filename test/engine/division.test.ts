import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localExecutor } from "../../engine/execute/local.ts";
import type { RunRecord } from "../../engine/record/run-record.ts";
import { newProject, type Project } from "./project.ts";
import { toyWorker } from "./toy-program.ts";
import { squares } from "./toy-steps.ts";

// Work that is divided: done in any order, by whoever, more than once, and the result is the same.

let root: string;
let project: Project;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "flow-division-"));
  project = newProject([squares], root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const pipeline = (params: string): string =>
  `name: divided\nsteps:\n  sum: { uses: squares, with: { ${params} } }\n`;
const computed = (): readonly string[] =>
  readFileSync(join(root, "computed.log"), "utf8").trim().split("\n").toSorted();
const sumBelow = (items: number): string =>
  String(Array.from({ length: items }, (_, at) => at * at).reduce((a, b) => a + b));
const resultOf = (record: RunRecord): string => project.read(record, "sum", "out", "value");

test("items are done first, and the outputs made of them", async () => {
  const record = await project.run(pipeline("items: 5"));
  expect(record.steps.sum).toMatchObject({
    outcome: "ran",
    metrics: { computed: 5 },
    worked: { items: 5, seconds: expect.any(Number) },
  });
  expect(computed()).toEqual(["item 0", "item 1", "item 2", "item 3", "item 4"]);
  expect(resultOf(record)).toBe(sumBelow(5));
  const again = await project.run(pipeline("items: 5"));
  expect(again.steps.sum?.outcome).toBe("cached");
  expect(again.steps.sum?.worked).toBeUndefined();
});

test("what is not worth dividing is done as ever", async () => {
  const record = await project.run(pipeline("items: 1"));
  expect(record.steps.sum).toMatchObject({ outcome: "ran", metrics: { computed: 0 } });
  expect(record.steps.sum?.worked).toBeUndefined();
  expect(computed()).toEqual(["run 0"]);
});

test("what was lost of a result is divided anew, whatever is marked as done", async () => {
  const first = await project.run(pipeline("items: 6"));
  const key = first.steps.sum?.key ?? "";
  const store = { type: "squares", version: 1, name: { squares: 1 } };
  const id = project.cache.stores.id(store);
  for (const at of [0, 1, 2, 3, 4, 5]) await project.cache.stores.drop(id, `square-${at}`);
  const digest = first.steps.sum?.outputs.out?.digest ?? "";
  rmSync(project.cache.artifacts.path(digest), { recursive: true });
  const items = Array.from({ length: 6 }, (_, at) => ({ name: `square ${at}`, cost: 1, about: { at } }));
  await project.cache.divisions.keep(key, { items, together: 1 });
  for (const at of items.keys()) project.cache.divisions.setDone(key, at);
  const again = await project.run(pipeline("items: 6"));
  expect(again.steps.sum).toMatchObject({ outcome: "ran", worked: { items: 6 } });
  expect(resultOf(again)).toBe(sumBelow(6));
  expect(project.cache.divisions.read(key)).toBeUndefined();
});

test("workers of one run share a step, each item done by one", async () => {
  const executor = localExecutor(toyWorker, { workersOf: () => 3 });
  const began = performance.now();
  const record = await project.run(pipeline("items: 12, milliseconds: 150"), { executor });
  await executor.close();
  expect(record.steps.sum).toMatchObject({
    outcome: "ran",
    metrics: { computed: 12 },
    worked: { items: 12 },
  });
  expect(computed()).toEqual(Array.from({ length: 12 }, (_, at) => `item ${at}`).toSorted());
  expect(resultOf(record)).toBe(sumBelow(12));
  // Twelve after each other take 1.8 s and more.
  expect(record.steps.sum?.worked?.seconds).toBeLessThan(1.7);
  expect(performance.now() - began).toBeGreaterThan(4 * 150);
});

test("a second run takes part, and each record says what it did", async () => {
  const executors = [localExecutor(toyWorker), localExecutor(toyWorker)] as const;
  const text = pipeline("items: 10, milliseconds: 200");
  const other = newProject([squares], root);
  const records = await Promise.all([
    project.run(text, { executor: executors[0] }),
    other.run(text, { executor: executors[1] }),
  ]);
  for (const executor of executors) await executor.close();
  expect(computed()).toEqual(Array.from({ length: 10 }, (_, at) => `item ${at}`).toSorted());
  const did = records.map(({ steps }) => steps.sum?.worked?.items ?? 0);
  expect(did.reduce((a, b) => a + b)).toBe(10);
  for (const items of did) expect(items).toBeGreaterThanOrEqual(3);
  expect(records.map(({ steps }) => steps.sum?.outcome).toSorted()).toEqual(["cached", "ran"]);
});

test("a worker that dies costs the item in hand; what is wrong with an item fails the step", async () => {
  const executor = localExecutor(toyWorker);
  const died = await project.run(pipeline("items: 6, deadly: 4"), { executor });
  expect(died.steps.sum).toMatchObject({ outcome: "failed", failure: { kind: "worker" } });
  const wrong = await project.run(pipeline("items: 6, wrong: 4"), { executor });
  expect(wrong.steps.sum).toMatchObject({
    outcome: "failed",
    failure: { message: "there is no square of 4" },
  });
  expect(computed()).toEqual(["item 0", "item 1", "item 2", "item 3"]);
  const record = await project.run(pipeline("items: 6"), { executor });
  await executor.close();
  expect(record.steps.sum).toMatchObject({ outcome: "ran", metrics: { computed: 2 } });
  expect(computed()).toEqual(Array.from({ length: 6 }, (_, at) => `item ${at}`));
  expect(resultOf(record)).toBe(sumBelow(6));
});

test("whatever was done, is marked as done, or is gone again: the result is the same", async () => {
  const subset = fc.subarray([0, 1, 2, 3, 4, 5, 6, 7]);
  await fc.assert(
    fc.asyncProperty(subset, subset, subset, async (kept, marked, lost) => {
      const place = mkdtempSync(join(tmpdir(), "flow-division-"));
      const one = newProject([squares], place);
      // A run that stops at once leaves the division.
      const stop = new AbortController();
      await one.run(pipeline("items: 8, milliseconds: 1"), {
        stop: stop.signal,
        onEvent: ({ kind }) => kind === "step-progress" && stop.abort(),
      });
      const [key = ""] = (await one.plan(pipeline("items: 8"))).map((step) => step.key ?? "");
      const id = one.cache.stores.id({ type: "squares", version: 1, name: { squares: 1 } });
      const publish = (at: number) =>
        one.cache.stores.publish(
          id,
          { type: "squares", version: 1, name: { squares: 1 } },
          `square-${at}`,
          async () => ({
            square: at * at,
          }),
        );
      for (const at of kept) await publish(at);
      for (const at of marked) one.cache.divisions.setDone(key, at);
      for (const at of lost) await one.cache.stores.drop(id, `square-${at}`).catch(() => {});
      const record = await one.run(pipeline("items: 8"));
      expect(record.steps.sum?.outcome).toBe("ran");
      expect(one.read(record, "sum", "out", "value")).toBe(sumBelow(8));
      expect(one.cache.divisions.read(key)).toBeUndefined();
      one.remove();
    }),
    { numRuns: 30 },
  );
});
