import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openCache } from "../../engine/cache/cache.ts";

const [one, other] = ["1", "2"].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];

let folder: string;
let looked: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-notes-"));
  looked = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As another process would. */
function recall(digest: string, name: string): unknown {
  return openCache(folder).notes.recall(digest, name, () => ({ rows: 3, looked: ++looked }));
}

function files(): readonly string[] {
  return readdirSync(join(folder, "index")).map((name) => join(folder, "index", name));
}

test("what was found out is remembered, by content and by what it is", () => {
  expect([recall(one, "rows"), recall(one, "rows")]).toEqual(Array(2).fill({ rows: 3, looked: 1 }));
  recall(one, "other rows");
  recall(other, "rows");
  expect(looked).toBe(3);
  expect(readdirSync(join(folder, "staging"))).toEqual([]);
});

test.each<[string, (text: string) => string]>([
  ["cut short", (text) => text.slice(0, -9)],
  ["with another value", (text) => text.replace('"rows":3', '"rows":4')],
  ["about something else", (text) => text.replace("rows of", "rows for")],
  ["empty", () => ""],
])("a note that is damaged is found out again: %s", (_, damage) => {
  recall(one, "rows");
  const [file = ""] = files();
  writeFileSync(file, damage(readFileSync(file, "utf8")));
  expect(recall(one, "rows")).toEqual({ rows: 3, looked: 2 });
  expect(recall(one, "rows")).toEqual({ rows: 3, looked: 2 });
});

test("where it cannot be kept it is found out every time", () => {
  writeFileSync(join(folder, "index"), "");
  expect([recall(one, "rows"), recall(one, "rows")]).toEqual([1, 2].map((looked) => ({ rows: 3, looked })));
});

test("what a newer flow noted stays", () => {
  recall(one, "rows");
  const [file = ""] = files();
  const newer = readFileSync(file, "utf8").replace('"format":1', '"format":2');
  writeFileSync(file, newer);
  expect([recall(one, "rows"), recall(one, "rows")]).toEqual(Array(2).fill({ rows: 3, looked: 2 }));
  expect(readFileSync(file, "utf8")).toBe(newer);
});
