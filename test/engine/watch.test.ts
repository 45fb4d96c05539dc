import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCache } from "../../engine/cache/cache.ts";
import type { Pipeline } from "../../engine/document/pipeline.ts";
import { type Made, openWatch } from "../../engine/execute/watch.ts";
import type { StepType } from "../../engine/step-type.ts";

const pipeline = {
  steps: [
    { id: "one", uses: "plain", inputs: {} },
    { id: "two", uses: "plain", inputs: {} },
    { id: "three", uses: "plain", inputs: {} },
    { id: "program", uses: "program", inputs: { x: { kind: "output", step: "one", output: "o" } } },
  ],
} as unknown as Pipeline;

const types = new Map([
  ["plain", {} as StepType],
  ["program", { runsPrograms: true } as unknown as StepType],
]);

test("what a program gets is watched under every name it has in the run, with what it leans on", () => {
  const folder = mkdtempSync(join(tmpdir(), "flow-watch-"));
  const cache = openCache(folder);
  const lean = { store: "5".repeat(64), entry: "rows" };
  const make = (digit: string, leans: Made["leans"]): Made => {
    const digest = `sha256:${digit.repeat(64)}`;
    mkdirSync(cache.artifacts.path(digest), { recursive: true });
    writeFileSync(join(cache.artifacts.path(digest), "f"), digit);
    return { outputs: { o: { digest, bytes: 1, notes: [] } }, leans };
  };
  const made = { one: make("1", [lean]), two: make("1", []), three: make("3", [lean]) };
  const watch = openWatch(pipeline, types, cache);
  const over = (step: keyof typeof made) => watch.over({ step, output: "o" }, made[step]);
  expect(over("two")).toEqual([]);
  for (const [step, one] of Object.entries(made)) watch.made(step, one);
  const artifact = cache.artifacts.path(`sha256:${"1".repeat(64)}`);
  const entry = cache.stores.path(lean.store, lean.entry);
  expect(over("one").map(({ path, name }) => [path, name])).toEqual([
    [artifact, "one.o"],
    [entry, "one.o"],
  ]);
  expect(over("two").map(({ path, name }) => [path, name])).toEqual([[artifact, "two.o"]]);
  expect(over("three").map(({ path, name }) => [path, name])).toEqual([[entry, "three.o"]]);
  rmSync(folder, { recursive: true });
});
