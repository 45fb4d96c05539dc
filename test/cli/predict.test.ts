import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { input, layer, oneByOne, summing, writeModel } from "../networks/model-files.ts";
import { lackOf, testHome } from "../runtimes/home.ts";
import { newWorkplace, repository, type Workplace } from "./flow.ts";

// `flow predict`: what a model says of pictures, as a user asks for it.

const pipeline = (extract: string, more = "") => `
name: small
steps:
  pictures: { uses: generate, with: { splits: { training: 24, validation: 8, evaluation: 37 }, size: 32 } }
  splits:
    uses: organize
    inputs: { source: pictures.images }
    with: { splits: { train: training, validation: validation, test: evaluation }, classes: { "0": stripes, "1": discs } }
  features:
    uses: extract
    ${extract}
  head:
    uses: train
    inputs: { features: features.features }
    with: { hidden: [16], epochs: 3${more} }
  report:
    uses: report
    inputs: { model: head.model, features: features.features, images: splits.images }
`;
const resnet =
  "{ network: resnet50, weights: seeded, pool: average, input: { size: [32, 32] }, batchSize: 8 }";
const plain = `inputs: { images: splits.images }\n    with: ${resnet}`;
const evaluation = "runs/latest/pictures/images/evaluation";

let place: Workplace;
beforeAll(async () => {
  place = newWorkplace();
  place.write("p.yaml", pipeline(plain));
  expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
});
afterAll(() => place.remove());

type Row = readonly string[];

function rowsOf(csv: string): readonly Row[] {
  return csv
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
}

/** What the report says of its pictures: by file, from the predicted class on. */
function reported(of: Workplace): Record<string, Row> {
  const [, ...rows] = rowsOf(
    readFileSync(join(of.root, "runs/latest/report/report/predictions.csv"), "utf8"),
  );
  return Object.fromEntries(rows.map(([file = "", , ...rest]) => [file, rest]));
}

/** The same of what `--csv` printed. */
function predicted(csv: string): Record<string, Row> {
  const [, ...rows] = rowsOf(csv);
  return Object.fromEntries(rows.map(([file = "", , ...rest]) => [file.replace(/^.*\//, ""), rest]));
}

/** Pictures that no run has seen: as they are drawn, and a byte behind their end. */
function newPictures(of: Workplace, folder: string, count: number): void {
  const from = join(of.root, evaluation);
  mkdirSync(join(of.root, folder), { recursive: true });
  const files = readdirSync(from).sort();
  for (let at = 0; at < count; at++) {
    const file = files[at % files.length] as string;
    const bytes = Buffer.concat([readFileSync(join(from, file)), Buffer.from(`${folder} ${at}`)]);
    writeFileSync(join(of.root, folder, `${String(at).padStart(4, "0")}.jpg`), bytes);
  }
}

const kinds = [
  { title: "as they are", extract: plain, more: "" },
  {
    title: "in float16, standardized",
    extract: `inputs: { images: splits.images }\n    with: ${resnet.replace("}, batch", "}, dtype: float16, batch")}`,
    more: ", normalize: standard",
  },
];

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

describe("a model", () => {
  test("is that of the step that is named, where there are several", async () => {
    const own = newWorkplace();
    const second =
      "  other: { uses: train, inputs: { features: features.features }, with: { hidden: [4], epochs: 1 } }\n";
    own.write("p.yaml", pipeline(plain) + second);
    await own.flow(["run", "p.yaml"]);
    const asked = await own.flow(["predict", "latest", evaluation]);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toMatch(/has several train steps: head, other; name one with --step\n$/);
    const [head, other] = await Promise.all(
      ["head", "other"].map((step) => own.flow(["predict", "latest", evaluation, "--csv", "--step", step])),
    );
    expect(predicted(head?.stdout ?? "")).toEqual(reported(own));
    expect(other?.code).toBe(0);
    expect(other?.stdout).not.toBe(head?.stdout);
    own.remove();
  });

  test("that is gone from the cache is said to be, and how it comes back", async () => {
    const own = newWorkplace();
    own.write("p.yaml", pipeline(plain));
    await own.flow(["run", "p.yaml"]);
    const digest = own.record().steps.head?.outputs.model?.digest.slice(7) as string;
    rmSync(join(own.root, ".flow/artifacts", digest), { recursive: true });
    const { code, stderr } = await own.flow(["predict", "latest", evaluation]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      "flow: the model of head is not in the cache any more; `flow run p.yaml` brings it back\n",
    );
    own.remove();
  });

  test("with a network from files: they must be what they were", async () => {
    const own = newWorkplace();
    const folder = writeModel({
      layers: [
        input("picture", [16, 16]),
        layer("Conv2D", "sum", "picture", oneByOne),
        layer("ReLU", "bend", "sum"),
      ],
      weights: summing("sum"),
    });
    cpSync(folder, join(own.root, "net"), { recursive: true });
    const network = `inputs: { images: splits.images, network: ./net }\n    with: { layer: bend, input: { scaling: tf } }`;
    own.write("p.yaml", pipeline(network));
    expect(await own.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
    const { id } = own.record();
    newPictures(own, "fresh", 3);
    expect(await own.flow(["predict", "p.yaml", "fresh"])).toMatchObject({ code: 0 });
    const weights = join(own.root, "net/w.bin");
    const bytes = readFileSync(weights);
    writeFileSync(
      weights,
      bytes.map((byte) => byte ^ 1),
    );
    const changed = await own.flow(["predict", "p.yaml", "fresh"]);
    expect(changed).toMatchObject({ code: 2, stdout: "" });
    expect(changed.stderr).toMatch(new RegExp(`^flow: w.bin of ./net has changed since ${id}: `));
    rmSync(weights);
    const less = await own.flow(["predict", "p.yaml", "fresh"]);
    expect(less).toMatchObject({ code: 2, stderr: `flow: w.bin of ./net is gone: ${id} was made with it\n` });
    rmSync(join(own.root, "net"), { recursive: true });
    const gone = await own.flow(["predict", "p.yaml", "fresh"]);
    expect(gone).toMatchObject({
      code: 2,
      stderr: `flow: ./net is gone: the network that ${id} was made with\n`,
    });
    own.remove();
  });

  test("of a runtime that is not there: which command brings it", async () => {
    const { code, stderr } = await place.flow(["predict", "latest", evaluation, "--runtime", "openvino"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^flow: OpenVINO \S+ is missing: `flow setup openvino` brings it\n$/);
  });

  const lack = lackOf("openvino");
  test.skipIf(lack !== "")(`computed by another runtime is announced${lack}`, async () => {
    const args = ["predict", "latest", evaluation, "--csv"];
    const other = await place.flow([...args, "--runtime", "openvino"], { FLOW_HOME: testHome as string });
    expect(other.code).toBe(0);
    expect(other.stderr).toContain(
      "Note: the network is computed by openvino in float32; the features of the model were by onnxruntime in float32: probabilities may differ a little.\n",
    );
    const [mine, theirs] = [predicted((await place.flow(args)).stdout), predicted(other.stdout)];
    expect(Object.keys(theirs)).toHaveLength(37);
    for (const [file, [, ...values]] of Object.entries(theirs)) {
      for (const [at, value] of values.entries()) {
        expect(Number(value)).toBeCloseTo(Number(mine[file]?.[at + 1]), 3);
      }
    }
  });
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
