import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCache } from "../../engine/cache/cache.ts";
import type { Pipeline } from "../../engine/document/pipeline.ts";
import { type Made, openWatch, type Watch } from "../../engine/execute/watch.ts";
import type { StepType } from "../../engine/step-type.ts";

const pipeline = {
  steps: [
    { id: "one", uses: "plain", inputs: {} },
    { id: "two", uses: "plain", inputs: {} },
    { id: "program", uses: "program", inputs: { x: { kind: "output", step: "one", output: "o" } } },
  ],
} as unknown as Pipeline;

const types = new Map([
  ["plain", {} as StepType],
  ["program", { runsPrograms: true } as unknown as StepType],
]);

test("where a program gets outputs, all that steps get is watched, with what it leans on", () => {
  const folder = mkdtempSync(join(tmpdir(), "flow-watch-"));
  const cache = openCache(folder);
  const lean = { store: "5".repeat(64), entry: "rows" };
  const digest = `sha256:${"1".repeat(64)}`;
  const artifact = cache.artifacts.path(digest);
  mkdirSync(artifact, { recursive: true });
  writeFileSync(join(artifact, "f"), "1");
  const made: Made = { outputs: { o: { digest, bytes: 1, notes: [] } }, leans: [lean] };
  const over = (watch: Watch, step: string) =>
    watch.over({ step, output: "o" }, made).map(({ path, name }) => [path, name]);

  // Under every name, also before the step has ended whose output the program takes.
  const watch = openWatch(pipeline, types, cache);
  const entry = cache.stores.path(lean.store, lean.entry);
  expect(over(watch, "two")).toEqual([
    [artifact, "two.o"],
    [entry, "two.o"],
  ]);
  const [before] = watch.over({ step: "two", output: "o" }, made);
  writeFileSync(join(artifact, "f"), "12");
  expect(watch.over({ step: "one", output: "o" }, made)[0]?.fingerprint).toBe(before?.fingerprint);

  const steps = pipeline.steps.filter(({ uses }) => uses === "plain");
  expect(over(openWatch({ ...pipeline, steps }, types, cache), "two")).toEqual([]);
  rmSync(folder, { recursive: true });
});
