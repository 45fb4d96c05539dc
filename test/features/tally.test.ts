import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FeatureRow, readIndex, writeIndex } from "../../steps/learning/tables/features.ts";
import { countIndex } from "../../steps/learning/tables/index-file.ts";
import { tally } from "../../steps/learning/tables/tally.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-tally-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("an index is counted as it is read, whatever names stand in it", async () => {
  const name = fc.constantFrom("a", "b", "cats, and dogs", 'the "best"', "train", "line\nbreak", "é", "x\r");
  const row = fc.record({
    split: fc.constantFrom("train", "validation", "test"),
    class: name,
    label: fc.integer({ min: 0, max: 12 }),
    file: name,
    digest: fc.constant(`sha256:${"0".repeat(64)}`),
    view: fc.constantFrom("flip", undefined),
  }) as fc.Arbitrary<FeatureRow>;
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 30 }), async (rows) => {
      await writeIndex(folder, rows);
      const read = await readIndex(folder);
      const count = (split: string): number => read.filter((row) => row.split === split).length;
      expect(countIndex(folder)).toEqual({
        training: count("train"),
        validation: count("validation"),
        classes: new Set(read.map(({ label }) => label)).size,
      });
    }),
  );
});

test.each([
  ["as it is written", "split,label\ntrain,1\ntrain,1\ntest,1\n", { train: 2, test: 1 }],
  ["without an end of the last line", "label,split\n1,train\n1,train", { train: 2 }],
  ["as Windows writes it", "\ufefflabel,split\r\n1,train\r\n2,train\r\n\r\n", { train: 2 }],
  [
    "the order of columns is another",
    "file,label,split,more\na,1,train,b\nb,1,test,c\n",
    { train: 1, test: 1 },
  ],
  ["quoted", '"label","split"\n1,"train"\n1,train\n"1\n","a ""b"""\n', { train: 2, 'a "b"': 1 }],
  ["a line is short, as only readTable minds", "label,split\n1\n1,train\n", { train: 1 }],
  ["without lines", "split,label\n", {}],
  ["without even an end of the header", "split,label", {}],
])("a table is counted by its header: %s", (_, text, expected) => {
  const file = join(folder, "table.csv");
  writeFileSync(file, text);
  const [splits] = tally(file, ["split", "label"]);
  expect(Object.fromEntries(splits ?? [])).toEqual(expected);
});

test("a table that lacks a column is refused, and one that is not there", () => {
  const file = join(folder, "table.csv");
  writeFileSync(file, "split,class\n");
  expect(() => tally(file, ["split", "label"])).toThrow('no column "label"; its header is: split,class');
  writeFileSync(file, "");
  expect(() => tally(file, ["split"])).toThrow('no column "split"; it is empty');
  expect(() => tally(join(folder, "none.csv"), ["split"])).toThrow("none.csv is missing");
});
