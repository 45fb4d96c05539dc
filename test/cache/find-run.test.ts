import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findRun, findStep } from "../../engine/record/find-run.ts";

// What a folder of runs may hold: several in one second, one that cannot be read, one that never
// began, and what is no run at all.
let runs: string;
beforeAll(() => {
  runs = mkdtempSync(join(tmpdir(), "flow-runs-"));
  keep("2026-03-01T10-00-00-food-aaaa", { file: "p/food.yaml" });
  keep("2026-03-02T10-00-00-food-bbbb", { file: "p/food.yaml", outcome: "failed" });
  keep("2026-03-03T10-00-00-food-aaaa", { file: "other.yaml", started: "2026-03-03T10:00:00.900Z" });
  keep("2026-03-03T10-00-00-food-zzzz", { file: "other.yaml", started: "2026-03-03T10:00:00.100Z" });
  keep("2026-02-01T10-00-00-old-cccc", {});
  writeFileSync(join(runs, "2026-02-01T10-00-00-old-cccc", "run.json"), "{}");
  mkdirSync(join(runs, "2026-04-01T10-00-00-food-dddd"));
  mkdirSync(join(runs, "notes"));
});
afterAll(() => rmSync(runs, { recursive: true }));

function keep(id: string, more: Readonly<Record<string, unknown>>): void {
  mkdirSync(join(runs, id));
  const step = { uses: "train", outcome: "ran", seconds: 1, metrics: {}, outputs: {} };
  const record = {
    ...{ id, pipeline: "food", outcome: "ok", started: `${id.slice(0, 10)}T10:00:00.000Z`, seconds: 1 },
    ...{ host: "here", pid: 1, steps: { small: step, large: step, report: { ...step, uses: "report" } } },
    ...more,
  };
  writeFileSync(join(runs, id, "run.json"), JSON.stringify(record));
}

function found(name: string): string {
  const run = findRun(runs, name);
  return typeof run === "string" ? run : run.id;
}

test.each([
  ["latest", "2026-03-03T10-00-00-food-aaaa"],
  ["latest~1", "2026-03-03T10-00-00-food-zzzz"],
  ["latest~3", "2026-03-01T10-00-00-food-aaaa"],
  ["latest~4", "the record of 2026-02-01T10-00-00-old-cccc cannot be read by this version"],
  ["latest~5", "there is no latest~5: there are 5 runs here"],
  ["2026-03-02", "2026-03-02T10-00-00-food-bbbb"],
  ["2026-03-01T10-00-00-food-aaaa", "2026-03-01T10-00-00-food-aaaa"],
  [
    "2026-03-03",
    "2 runs begin with 2026-03-03: 2026-03-03T10-00-00-food-aaaa, 2026-03-03T10-00-00-food-zzzz",
  ],
  ["p/food.yaml", "2026-03-01T10-00-00-food-aaaa"],
  ["./p/../p/food.yaml", "2026-03-01T10-00-00-food-aaaa"],
  ["p/new.yaml", "p/new.yaml has not run here yet"],
  ["notes", /^no run is called notes; a run's id, .* is needed$/],
  ["../runs", /^no run is called/],
])("%s is %s", (name, expected) => {
  if (typeof expected === "string") expect(found(name)).toBe(expected);
  else expect(found(name)).toMatch(expected);
});

test("where nothing ran, that is said", () => {
  expect(findRun(join(runs, "nowhere"), "latest")).toBe("nothing has run here yet");
});

test("of several steps one has to be named", () => {
  const run = findRun(runs, "p/food.yaml");
  if (typeof run === "string") throw new Error(run);
  expect(findStep(run, "report", undefined)).toEqual({ step: "report" });
  expect(findStep(run, "train", "large")).toEqual({ step: "large" });
  expect(findStep(run, "train", undefined)).toBe(
    "2026-03-01T10-00-00-food-aaaa has several train steps: small, large; name one with --step",
  );
  expect(findStep(run, "train", "report")).toBe(
    "2026-03-01T10-00-00-food-aaaa has no train step report; it has small, large",
  );
  expect(findStep(run, "extract", undefined)).toMatch(/has no step that uses extract$/);
});
