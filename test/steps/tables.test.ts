import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Line, readTable, writeTable } from "../../steps/learning/tables/csv.ts";

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-tables-"));
  file = join(folder, "table.csv");
});
afterAll(() => rmSync(folder, { recursive: true }));

async function readAll(columns: readonly string[]) {
  const lines: Record<string, string>[] = [];
  for await (const { values } of readTable(file, columns)) lines.push({ ...values });
  return lines;
}

test("any text comes back as it was written", async () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("a\rb", "a\r\nb", "\ufeffx", '"', ",", " x "),
  );
  // A name is never empty; a line of nothing would be left out.
  const line = fc.record({ file: text.filter((value) => value.trim() !== ""), class: text });
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 20 }), async (lines) => {
      await writeTable(
        file,
        ["file", "class"],
        lines.map((values) => [values.file, values.class]),
      );
      expect(await readAll(["file", "class"])).toEqual(lines);
    }),
    { numRuns: 200 },
  );
});

test("lines are asked for as they are written and read as they come", async () => {
  const wide = Array.from({ length: 1000 }, (_, at) => `p_${at}`);
  let most = 0;
  let asked = 0;
  async function* lines(): AsyncGenerator<Line> {
    for (; asked < 3000; asked++) {
      yield wide.map((_, at) => 1 / (at + asked + 1));
      most = Math.max(most, process.memoryUsage().heapUsed + process.memoryUsage().external);
    }
  }
  const before = process.memoryUsage().heapUsed + process.memoryUsage().external;
  await writeTable(file, wide, lines());
  let read = 0;
  for await (const { values } of readTable(file, ["p_7"])) {
    expect(Number(values.p_7)).toBe(1 / (7 + read + 1));
    read++;
    most = Math.max(most, process.memoryUsage().heapUsed + process.memoryUsage().external);
  }
  expect(read).toBe(3000);
  // The table has 60 MB; neither side may hold a large part of it at once.
  expect(most - before).toBeLessThan(200 * 2 ** 20);
});

test("whoever stops early leaves no file open", async () => {
  await writeTable(file, ["a"], [["1"], ["2"]]);
  for await (const { values } of readTable(file, ["a"])) {
    expect(values.a).toBe("1");
    break;
  }
});

test.each([
  ["", /has no column "file", "class"; it is empty/],
  ["name,class\n", /has no column "file"; its header is: name,class/],
  ["file,class\na\n", /table\.csv:2 has 1 values where the header has 2/],
  ['file,class\n"a,b\n', /table\.csv:\d+ is no CSV: /],
  [Buffer.from("file,class\ncaf\xe9,x\n", "latin1"), /is not in UTF-8: save it as "CSV UTF-8"/],
  [Buffer.from("\ufefffile,class\n", "utf16le"), /is not in UTF-8/],
])("%j is refused in a sentence", async (content, message) => {
  writeFileSync(file, content);
  await expect(readAll(["file", "class"])).rejects.toMatchObject({
    name: "StepError",
    message: expect.stringMatching(message),
  });
});

test("CR LF, a byte order mark and further columns are read alike", async () => {
  writeFileSync(file, "\ufefffile,more,class\r\na.jpg,1,x\r\n\r\n");
  expect(await readAll(["file", "class"])).toEqual([{ file: "a.jpg", class: "x" }]);
});
