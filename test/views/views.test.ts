import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { closingText } from "../../cli/views/closing.ts";
import { linesView } from "../../cli/views/lines.ts";
import { liveView } from "../../cli/views/live.ts";
import { paintWith } from "../../cli/views/paint.ts";
import { failureText } from "../../cli/views/step-line.ts";
import type { View } from "../../cli/views/view.ts";
import type { Event } from "../../engine/record/event.ts";
import { foldRun } from "../../engine/record/run-record.ts";

// Views are folds over events: these events, this text. UPDATE_GOLDEN=1 writes it anew.

const folder = new URL("../golden/views", import.meta.url).pathname;
const events = readFileSync(join(folder, "events.ndjson"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Event);
const paint = paintWith(false);

function expectGolden(name: string, text: string): void {
  const file = join(folder, `${name}.txt`);
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, "utf8"));
}

/** Plays the events, with a tick every quarter of a second in between, as a run has them. */
function play(view: View): void {
  let now = Date.parse(events[0]?.at ?? "");
  for (const event of events) {
    for (const at = Date.parse(event.at); now < at; now += 250) view.tick?.(now);
    view.add(event);
  }
}

test("lines: a step is named after a second, again every 30 s with its progress, and when it ends", () => {
  let text = "";
  const write = (piece: string): void => {
    text += piece;
  };
  play(linesView({ paint, write }));
  expectGolden("lines", text);
});

test.each([
  [12_000_000, 447_001_986, "12 of 447 MB  6 MB/s, 1 min 13 s left"],
  [500_000, 447_001_986, "500 kB of 447 MB  250 kB/s, 29 min 46 s left"],
  [2_000_000_000, 2_100_000_000, "2.0 of 2.1 GB  1.0 GB/s, 0.1 s left"],
  // Nobody knows how many there are.
  [12_000_000, 0, "12 MB  6 MB/s"],
])("lines: of %i of %i bytes it says %s", (done, total, expected) => {
  let text = "";
  const view = linesView({
    paint,
    write: (piece) => {
      text += piece;
    },
  });
  const at = "2026-01-01T00:00:00.000Z";
  view.add({ kind: "step-started", at, step: "data", key: "", inputs: {}, reasons: [] });
  view.add({ kind: "step-progress", at, step: "data", progress: { done, total, unit: "bytes" } });
  view.tick?.(Date.parse(at) + 2000);
  expect(text.trimEnd()).toBe(`…  running ${expected}`);
});

describe.each([80, 40])("live, in a terminal of %i columns", (columns) => {
  test("a line per step, and none is wider than the terminal", async () => {
    const shown: string[] = [];
    const view = liveView(
      paint,
      () => columns,
      async (rows) => {
        for (const row of rows) {
          row.draw = {
            set title(title: string) {
              shown.push(title);
            },
            set output(line: string) {
              shown.push(line);
            },
            skip() {},
          };
          row.draw.title = row.first;
        }
      },
    );
    play(view);
    await view.close();
    // Listr puts a mark and a space before each.
    for (const line of shown) expect([...line].length, line).toBeLessThanOrEqual(columns - 2);
    expectGolden(`live-${columns}`, `${shown.join("\n")}\n`);
  });
});

test("closing: how it went, where the record is, what to do next", () => {
  const fold = foldRun();
  for (const event of events) fold.add(event);
  const record = fold.record();
  if (record === undefined) throw new Error("the events hold a run");
  const commands = { again: "flow run p.yaml", trial: "flow predict latest <picture>" };
  const options = { record, pages: [], ...commands, paint };
  const page = { folder: "runs/x", pages: ["runs/x/report.html"] };
  const good = closingText({ ...options, ...page, record: { ...record, outcome: "ok" } });
  expectGolden(
    "closing",
    closingText({ ...options, ...page }) + closingText({ ...options, folder: undefined }) + good,
  );
});

test("a failure: what, why, the last lines, where the log is", () => {
  const failures = events.flatMap((event) =>
    event.kind === "step-finished" ? failureText(event, `runs/x/logs/${event.step}.log`, paint) : [],
  );
  expectGolden("failures", `${failures.join("\n")}\n`);
});

test("lines: whoever waits for another run says so again, until it is over", () => {
  let text = "";
  const write = (piece: string): void => {
    text += piece;
  };
  const view = linesView({ paint, write });
  const at = "2026-03-01T10:00:00.000Z";
  const start = Date.parse(at);
  view.add({
    kind: "run-started",
    at,
    run: "r",
    pipeline: "p",
    params: {},
    host: "h",
    pid: 1,
    environment: {},
    steps: [{ id: "s", uses: "command", params: {} }],
  });
  view.add({ kind: "step-waiting", at, step: "s", owner: "process 7 on h\u001b[2J" });
  for (const seconds of [1, 29, 31, 59, 61]) view.tick?.(start + seconds * 1000);
  view.add({ kind: "step-finished", at, step: "s", outcome: "cached", seconds: 0, metrics: {}, outputs: {} });
  view.tick?.(start + 120_000);
  const waiting = "s  waiting for process 7 on h␛[2J, which computes the same\n";
  expect(text).toBe(`${waiting.repeat(3)}s  cached\n`);
});
