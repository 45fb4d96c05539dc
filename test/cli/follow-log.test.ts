import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { followLog, type LogFollower } from "../../cli/follow-log.ts";

let folder: string;
let file: string;
let lines: string[];
let log: LogFollower;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-log-"));
  file = join(folder, "s.log");
  lines = [];
  log = followLog(file, (line) => lines.push(line));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("lines are passed on when they are complete, from a file that is not there yet", () => {
  log.look();
  appendFileSync(file, "one\ntw");
  log.look();
  expect(lines).toEqual(["one"]);
  // Half of a letter of two bytes.
  appendFileSync(file, Buffer.from([0x6f, 0x0a, 0xc3]));
  log.look();
  appendFileSync(file, Buffer.from([0xa9]));
  log.end();
  expect(lines).toEqual(["one", "two", "é"]);
});

test("a line without an end is passed on in pieces, whole", () => {
  const long = "0123456789".repeat(50_000);
  appendFileSync(file, long);
  log.look();
  expect(lines.length).toBeGreaterThan(1);
  log.end();
  expect(lines.join("")).toBe(long);
});
