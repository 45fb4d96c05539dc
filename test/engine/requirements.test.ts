import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openCache } from "../../engine/cache/cache.ts";
import { whatLacks } from "../../engine/requirements.ts";
import type { RequiredFile } from "../../engine/step-type.ts";

const home = mkdtempSync(join(tmpdir(), "flow-home-"));
const cache = openCache(join(home, "cache"));
afterAll(() => rmSync(home, { recursive: true }));

const file = {
  kind: "file",
  name: "weights",
  path: "weights.h5",
  what: "the weights",
  url: "https://example.org/weights.h5",
  bytes: 5,
} as const satisfies RequiredFile;

async function hintFor(content: string, about: Partial<RequiredFile>): Promise<string | undefined> {
  writeFileSync(join(home, file.path), content);
  return (await whatLacks({ ...file, ...about }, home, cache))?.hint;
}

function md5(content: string): string {
  return createHash("md5").update(content).digest("hex");
}

test("a file of the right md5 is there, whatever size it was said to have", async () => {
  expect(await hintFor("right", { md5: md5("right"), bytes: 7 })).toBeUndefined();
});

test("a file of another md5 is not there: its size says why, or its md5", async () => {
  expect(await hintFor("cut", { md5: md5("right") })).toMatch(
    /has 3 bytes, not 5: it is another file, or cut/,
  );
  expect(await hintFor("other", { md5: md5("right") })).toContain(
    `weights.h5 has the md5 ${md5("other")}, not ${md5("right")}\nget it from https://example.org/weights.h5`,
  );
});

test("a file that is known to be another is called that", async () => {
  const refused = [{ md5: md5("old"), why: "the file of 2015, for another graph" }];
  expect(await hintFor("old", { md5: md5("right"), refused })).toMatch(
    /weights\.h5 is the file of 2015, for another graph\nget it from/,
  );
  expect(await hintFor("older", { md5: md5("right"), refused })).toMatch(/has the md5/);
});

test("where nobody says an md5, the size decides", async () => {
  expect(await hintFor("other", {})).toBeUndefined();
  expect(await hintFor("cut", {})).toMatch(/has 3 bytes, not 5/);
});
