import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newWorkplace, repository, type Workplace } from "./flow.ts";
import {
  evaluation,
  kinds,
  newPictures,
  pipeline,
  predicted,
  reported,
  rowsOf,
  trainedPlace,
} from "./predicting.ts";

// `flow predict`: what a model says of pictures, as a user asks for it.

let place: Workplace;
beforeAll(async () => {
  place = await trainedPlace();
});
afterAll(() => place.remove());

test.each(kinds)("what it says is what predictions.csv says, to the last digit: $title", async (kind) => {
  const own = newWorkplace();
  try {
    own.write("p.yaml", pipeline(kind.extract, kind.more));
    expect(await own.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
    const expected = reported(own);
    expect(Object.keys(expected)).toHaveLength(37);
    const before = own.entries();
    const known = await own.flow(["predict", "p.yaml", evaluation, "--csv"]);
    expect(known).toMatchObject({ code: 0 });
    expect(rowsOf(known.stdout)[0]).toEqual(["file", "label", "predicted", "p_discs", "p_stripes"]);
    expect(predicted(known.stdout)).toEqual(expected);
    expect(own.entries()).toEqual(before);
    // Every row computed anew, as for pictures that were never seen; some alone.
    for (const store of new Set(before.map((entry) => entry.split("/")[0] as string))) {
      rmSync(join(own.root, ".flow/stores", store), { recursive: true });
    }
    const one = `${evaluation}/${Object.keys(expected)[5]}`;
    const alone = await own.flow(["predict", "latest", one, "--csv"]);
    expect(predicted(alone.stdout)).toEqual({
      [Object.keys(expected)[5] as string]: Object.values(expected)[5],
    });
    const anew = await own.flow(["predict", "latest", evaluation]);
    expect(anew.stderr).toContain("37 pictures: 36 computed, 1 whose features were there\n");
    expect((await own.flow(["predict", "latest", evaluation, "--csv"])).stdout).toBe(known.stdout);
  } finally {
    own.remove();
  }
});

test("pictures are computed once, kept for extract, and leave no record", async () => {
  newPictures(place, "fresh", 20);
  const [runs, before] = [readdirSync(join(place.root, "runs")), new Set(place.entries())];
  const first = await place.flow(["predict", "latest", "fresh"]);
  expect(first).toMatchObject({ code: 0 });
  expect(first.stderr.trimEnd().split("\n").at(-1)).toBe("20 pictures: 20 computed");
  const kept = place.entries();
  const added = kept.filter((entry) => !before.has(entry));
  expect(added.length).toBeGreaterThan(0);
  const stores = new Set([...before].map((entry) => entry.split("/")[0]));
  expect(added.every((entry) => stores.has(entry.split("/")[0] as string))).toBe(true);

  const second = await place.flow(["predict", "latest", "fresh"]);
  expect(second.stderr).toContain("20 pictures: 0 computed, 20 whose features were there\n");
  expect(second.stdout).toBe(first.stdout);
  expect(place.entries()).toEqual(kept);
  expect(readdirSync(join(place.root, "runs"))).toEqual(runs);
});

test("pictures that come twice are computed once", async () => {
  newPictures(place, "twice/a", 12);
  cpSync(join(place.root, "twice/a"), join(place.root, "twice/b"), { recursive: true });
  const { stderr, stdout } = await place.flow(["predict", "latest", "twice"]);
  expect(stderr).toContain("24 pictures: 12 computed, 12 whose features were there\n");
  const lines = stdout.trimEnd().split("\n").slice(1);
  expect(lines.slice(12)).toEqual(lines.slice(0, 12).map((line) => line.replace("/a/", "/b/")));
});

describe("pictures", () => {
  beforeAll(() => {
    newPictures(place, "mixed", 3);
    newPictures(place, "mixed/.hidden", 1);
    place.write("mixed/0001b.jpg", "no picture");
    place.write("mixed/empty.png", "");
    place.write("mixed/old.bmp", "BM");
    place.write("mixed/notes.txt", "x");
  });

  test("that are bad are named, after which the exit code is 1; what is no picture by its name is left out", async () => {
    const { code, stdout, stderr } = await place.flow(["predict", "latest", "mixed"]);
    expect(code).toBe(1);
    expect(stdout.match(/^mixed\S*/gm)).toEqual(["mixed/0000.jpg", "mixed/0001.jpg", "mixed/0002.jpg"]);
    expect(stderr.split("\n").filter((line) => !line.startsWith("Note: "))).toEqual([
      "mixed/0001b.jpg: it is no picture (JPEG, PNG, WebP, GIF and TIFF are read)",
      "mixed/empty.png: it is empty",
      "mixed/old.bmp: it is no picture (JPEG, PNG, WebP, GIF and TIFF are read)",
      expect.stringMatching(/^6 pictures: \d computed.*, 3 that cannot be read$/),
      "",
    ]);
  });

  test("are objects with --json, bad ones too", async () => {
    const { code, stdout } = await place.flow(["predict", "latest", "mixed", "--json"]);
    expect(code).toBe(1);
    const objects = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(objects.map(({ file }) => file.slice(6))).toEqual([
      ...["0000.jpg", "0001.jpg", "0001b.jpg", "0002.jpg", "empty.png", "old.bmp"],
    ]);
    expect(objects[4]).toEqual({ file: "mixed/empty.png", error: "it is empty" });
    const { predicted: name, probabilities } = objects[0];
    expect(Object.keys(probabilities)).toEqual(["discs", "stripes"]);
    expect(probabilities[name]).toBeGreaterThanOrEqual(0.5);
    expect(probabilities.discs + probabilities.stripes).toBeCloseTo(1, 6);
  });

  test("come in the order of the words, by globs where no shell resolved them, or from standard input", async () => {
    const words = ["mixed/0002.jpg", "mixed/000[01].jpg", "**/000?.jpg"];
    const { stdout } = await place.flow(["predict", "latest", "-C", ".", ...words.slice(0, 2)]);
    expect(stdout.match(/^mixed\S*/gm)).toEqual(["mixed/0002.jpg", "mixed/0000.jpg", "mixed/0001.jpg"]);
    const deep = await place.flow(["predict", "latest", "mixed/**/0*2.jpg"]);
    expect(deep.stdout.match(/^mixed\S*/gm)).toEqual(["mixed/0002.jpg"]);
    const { child, finished } = place.start(["predict", "latest", "-", "--json"]);
    child.stdin?.end(readFileSync(join(place.root, "mixed/0002.jpg")));
    const [piped, named] = [
      await finished,
      await place.flow(["predict", "latest", "mixed/0002.jpg", "--json"]),
    ];
    expect(piped).toMatchObject({ code: 0 });
    expect(JSON.parse(piped.stdout)).toEqual({ ...JSON.parse(named.stdout), file: "-" });
  });

  test.each([
    [["nothere.jpg", "x*.jpg"], "there is no file nothere.jpg\nno picture has a name like x*.jpg"],
    [["runs/latest/logs"], "there is no picture in runs/latest/logs"],
    [["/dev/null"], "/dev/null is neither a file nor a folder"],
    [["mixed", "--csv", "--json"], "--csv and --json exclude each other"],
  ])("that are not there: %j", async (words, message) => {
    const { code, stdout, stderr } = await place.flow(["predict", "latest", ...words]);
    expect(code).toBe(2);
    const told = words.includes("--json")
      ? JSON.parse(stdout).message
      : stderr.replace(/^flow: /, "").trimEnd();
    expect(told).toBe(message);
  });
});

/** Ends the process whose thread reads such a file, as a library that crashes does. */
const killer = `
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";
const read = fs.readFile;
fs.readFile = function (file, ...rest) {
  if (!isMainThread && String(file).includes("killer")) process.kill(process.pid, "SIGSEGV");
  return read.call(this, file, ...rest);
};
syncBuiltinESMExports();`;

test("a picture that crashes what reads it is a bad one, and no other is", async () => {
  newPictures(place, "hostile", 19);
  newPictures(place, "seed", 1);
  cpSync(join(place.root, "seed/0000.jpg"), join(place.root, "hostile/0009-killer.jpg"));
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(killer)}` };
  const { code, stdout, stderr } = await place.flow(["predict", "latest", "hostile"], env);
  expect(code).toBe(1);
  expect(stdout.match(/^hostile\S*/gm)).toHaveLength(19);
  expect(stderr).toContain(
    "hostile/0009-killer.jpg: the process that reads and computes pictures was killed by SIGSEGV\n",
  );
  expect(stderr).toContain("1 that cannot be read");
});

test("Ctrl-C ends it; what was computed is kept", async () => {
  newPictures(place, "many", 120);
  const { child, finished } = place.start(["predict", "latest", "many"]);
  child.stdout?.on("data", (text) => String(text).includes("many/0000") && child.kill("SIGINT"));
  expect(await finished).toMatchObject({ code: 130 });
  const { stderr } = await place.flow(["predict", "latest", "many"]);
  const [, computed = ""] = /^120 pictures: (\d+) computed/m.exec(stderr) ?? [];
  expect(Number(computed)).toBeLessThan(120);
});

const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux");
// biome-ignore lint/suspicious/noConsole: a skip says why
if (!hasScript) console.log("skipped: there is no script(1) of util-linux to make a terminal with");

test.skipIf(!hasScript)("in a terminal of 80 columns no line is longer, and ends of names stay", () => {
  const folder = `long/${"a-folder-with-a-name/".repeat(6)}`;
  newPictures(place, folder, 2);
  const line = `${process.execPath} ${join(repository, "dist/flow.js")} predict latest long`;
  const shown = execFileSync("script", ["-qc", `stty cols 80 rows 24; ${line}`, "/dev/null"], {
    cwd: place.root,
    encoding: "utf8",
    env: { PATH: process.env.PATH, SHELL: "/bin/sh", FLOW_HOME: join(place.root, "home"), TERM: "dumb" },
  });
  const lines = shown.replaceAll("\r", "").trimEnd().split("\n");
  const rows = lines.filter((text) => text.startsWith("long/"));
  expect(rows).toEqual([
    expect.stringMatching(
      /^long\/\S+…\S+\/0000\.jpg +(discs|stripes) +\d+\.\d % {2}(discs|stripes) \d+\.\d %$/,
    ),
    expect.stringMatching(/^long\/\S+…\S+\/0001\.jpg /),
  ]);
  expect(Math.max(...rows.map(({ length }) => length))).toBeLessThanOrEqual(80);
});
