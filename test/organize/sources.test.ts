import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newWorkplace, repository, type Workplace } from "../cli/flow.ts";

const golden = join(repository, "test/golden/pixels");
const kinds = ["rgb.jpg", "grey.jpg", "progressive.jpg", "full-chroma.jpg", "exif-rotated.jpg"];

let place: Workplace;
beforeEach(() => {
  place = newWorkplace();
});
afterEach(() => place.remove());

/** A picture of its own at each path: bytes after the end of a JPEG change nothing but its digest. */
function put(...paths: readonly string[]): void {
  for (const [at, path] of paths.entries()) {
    const to = join(place.root, path);
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(
      to,
      Buffer.concat([readFileSync(join(golden, kinds[at % 2] as string)), Buffer.from(path)]),
    );
  }
}

async function organize(inputs: string, params = "{}") {
  place.write(
    "p.yaml",
    `name: data\nsteps:\n  splits: { uses: organize, inputs: ${inputs}, with: ${params} }\n`,
  );
  return place.flow(["run", "p.yaml"]);
}

const table = (): string => readFileSync(join(place.root, "runs/latest/splits/images/images.csv"), "utf8");
const lines = (): readonly string[] => table().trimEnd().split("\n").slice(1);
/** "split/class/file" of every line. */
const places = (): readonly string[] =>
  lines().map((line) => line.split(",").slice(0, 4).toSpliced(2, 1).join("/"));
const step = () => place.record().steps.splits;
const notes = (): string => step()?.outputs.images?.notes.join("\n") ?? "";

describe("classes", () => {
  beforeEach(() => put("data/cat/1.jpg", "data/dog/2.jpg", "data/emu/3.jpg"));

  test("are the folders where nothing is said; all is for training, and a note says so", async () => {
    expect(await organize("{ source: ./data }")).toMatchObject({ code: 0 });
    expect(places()).toEqual(["train/cat/1.jpg", "train/dog/2.jpg", "train/emu/3.jpg"]);
    expect(notes()).toMatch(/All pictures are for training: .*`splits: \{ train: 0\.8/);
  });

  test("a list selects, and what it leaves out is counted aloud", async () => {
    await organize("{ source: ./data }", "{ classes: [emu, cat] }");
    expect(places()).toEqual(["train/cat/1.jpg", "train/emu/3.jpg"]);
    expect(step()?.metrics).toMatchObject({ images: 2, notSelected: 1 });
    expect(notes()).toMatch(/1 picture is left out, of classes that are not selected: dog 1\./);
  });

  test("a map renames and merges, and must cover all", async () => {
    await organize("{ source: ./data }", "{ classes: { cat: pet, dog: pet, emu: bird } }");
    expect(places()).toEqual(["train/bird/3.jpg", "train/pet/cat/1.jpg", "train/pet/dog/2.jpg"]);
    const { code, stderr } = await organize(
      "{ source: ./data }",
      "{ classFrom: folder, classes: { cat: pet, dog: wild } }",
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /the class of 1 picture is not known \(classes has cat, dog\):\n.*emu\/3\.jpg \("emu"\)/,
    );
  });
});

describe("a table", () => {
  const rows = [
    ["a.jpg", "cat", "train", "ward 1"],
    ["b.jpg", "dog", "train", "ward 2"],
    ["sub/c.jpg", "cat", "test", "ward, 3"],
    ["d.jpg", "dog", "test", "ward 4"],
  ] as const;
  beforeEach(() => put(...rows.map(([file]) => `data/${file}`)));

  const expected = ["test/cat/sub/c.jpg", "test/dog/d.jpg", "train/cat/a.jpg", "train/dog/b.jpg"];

  test("as the source: CSV and JSONL say file, class and split; other columns are kept", async () => {
    const csv = rows.map((row) => row.map((value) => (value.includes(",") ? `"${value}"` : value)).join(","));
    place.write("data/all.csv", ["file,class,split,place", ...csv, ""].join("\n"));
    expect(await organize("{ source: ./data/all.csv }")).toMatchObject({ code: 0 });
    expect(places()).toEqual(expected);
    expect(lines()[0]).toMatch(/,"ward, 3"$/);
    const { digest } = step()?.outputs.images ?? {};

    const json = rows.map(([file, name, split, ward]) =>
      JSON.stringify({ file, class: name, split, place: ward }),
    );
    place.write("data/all.jsonl", json.join("\n"));
    expect(await organize("{ source: ./data/all.jsonl }")).toMatchObject({ code: 0 });
    expect(step()?.outputs.images?.digest).toBe(digest);

    // A picture that it names is part of the source, and one that it does not name is none.
    put("data/other.jpg");
    await organize("{ source: ./data/all.jsonl }");
    expect(step()?.outcome).toBe("cached");
    rmSync(join(place.root, "data/b.jpg"));
    const { code, stderr } = await organize("{ source: ./data/all.jsonl }");
    expect(code).toBe(2);
    expect(stderr).toMatch(/missing: b\.jpg/);
  });

  test("beside the source; its other columns reach predictions.csv", async () => {
    place.write(
      "labels.csv",
      ["file,class,split,place", ...rows.map((row) => row.join(",").replace("ward, 3", "ward 3")), ""].join(
        "\n",
      ),
    );
    place.write(
      "p.yaml",
      `
name: data
steps:
  splits: { uses: organize, inputs: { source: ./data, labels: ./labels.csv } }
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, input: { size: [32, 32] }, pool: average }
  head: { uses: train, inputs: { features: features.features }, with: { hidden: [4], epochs: 1 } }
  report: { uses: report, inputs: { model: head.model, features: features.features, images: splits.images } }
`,
    );
    expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
    expect(places()).toEqual(expected);
    const predictions = readFileSync(join(place.root, "runs/latest/report/report/predictions.csv"), "utf8");
    const [header, ...all] = predictions.trimEnd().split("\n");
    expect(header).toBe("file,label,predicted,p_cat,p_dog,place");
    expect(all.map((line) => line.split(",").at(-1))).toEqual(["ward 3", "ward 4"]);
  });

  test("what it says wrong is named with its line", async () => {
    place.write("data/all.csv", "file,class,split\na.jpg,cat,train\nb.jpg,dog,holdout\n");
    expect((await organize("{ source: ./data/all.csv }")).stderr).toMatch(/b\.jpg \(line 3\): "holdout"/);
    place.write("data/all.csv", "file,class\na.jpg,cat\n../b.jpg,dog\n");
    expect((await organize("{ source: ./data/all.csv }")).stderr).toMatch(
      /all\.csv:3: \.\.\/b\.jpg is no path in the folder/,
    );
    for (const named of ["b\0.jpg", `${"b".repeat(300)}.jpg`]) {
      place.write("data/all.csv", `file,class\na.jpg,cat\n${named},dog\n`);
      expect(await organize("{ source: ./data/all.csv }")).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/all\.csv:3: b.* is no path in the folder/),
      });
    }
    place.write("data/all.jsonl", '{"file":"a.jpg","class":"cat"}\n{"file":"b.jpg"}\n');
    expect((await organize("{ source: ./data/all.jsonl }")).stderr).toMatch(
      /all\.jsonl:2 has no "file" or no "class"/,
    );
  });
});

describe("shares", () => {
  const names = Array.from(
    { length: 60 },
    (_, at) => `data/${at % 2 === 0 ? "cat" : "dog"}/p${at % 5}_${at}.jpg`,
  );

  test("deal pictures out by their content: more pictures move none of the others", async () => {
    put(...names);
    const params = "{ splits: { train: 0.6, test: 0.4 } }";
    expect(await organize("{ source: ./data }", params)).toMatchObject({ code: 0 });
    const before = places();
    expect(notes()).toMatch(/Pictures were dealt out by their content: train \d+, test \d+\./);
    put("data/cat/new.jpg", "data/dog/newer.jpg");
    renameSync(join(place.root, names[0] as string), join(place.root, "data/cat/renamed.jpg"));
    await organize("{ source: ./data }", params);
    const after = new Set(places());
    const kept = before.filter((line) => !line.endsWith(`/${(names[0] as string).split("/").at(-1)}`));
    expect(kept.filter((line) => !after.has(line))).toEqual([]);
    expect(after.size).toBe(before.length + 2);
  });

  test("keep a group in one split", async () => {
    put(...names);
    const params = '{ splits: { train: 0.6, test: 0.4 }, seed: 0, groupBy: { pattern: "/(p[0-9]+)_" } }';
    expect(await organize("{ source: ./data }", params)).toMatchObject({ code: 0 });
    const splits = new Map<string, Set<string>>();
    for (const line of places()) {
      const [split = "", , file = ""] = line.split("/");
      const group = file.slice(0, file.indexOf("_"));
      splits.set(group, (splits.get(group) ?? new Set()).add(split));
    }
    expect([...splits.values()].map(({ size }) => size)).toEqual([1, 1, 1, 1, 1]);
    expect(step()?.metrics).toMatchObject({ groupsAcrossSplits: 0 });
  });

  test.each([
    ["{ splits: { train: 0.8, test: 0.1 } }", /the shares of the splits add up to 0\.9, not 1/],
    ["{ splits: { train: 0.8, test: evaluation } }", /splits are either folders or shares, not both/],
    ['{ groupBy: { pattern: "p[0-9]+" } }', /the pattern has no group/],
    ['{ groupBy: { pattern: "(p" } }', /this is no regular expression/],
    ["{ classes: [cat, cat] }", /a class is listed twice/],
  ])("%s is a mistake before anything runs", async (params, message) => {
    put("data/cat/1.jpg");
    const { code, stderr } = await organize("{ source: ./data }", params);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe("the same picture more than once", () => {
  beforeEach(() => {
    put("data/train/cat/1.jpg", "data/train/dog/2.jpg", "data/test/cat/3.jpg", "data/test/dog/4.jpg");
    const copy = (from: string, to: string): void => cpSync(join(place.root, from), join(place.root, to));
    copy("data/test/cat/3.jpg", "data/train/cat/learned.jpg");
    copy("data/train/dog/2.jpg", "data/train/dog/again.jpg");
    put("data/train/cat/both.jpg");
    copy("data/train/cat/both.jpg", "data/train/dog/both.jpg");
  });

  test("duplicates: fail names those in several splits or classes", async () => {
    const { code, stderr } = await organize("{ source: ./data }", "{ duplicates: fail }");
    expect(code).toBe(1);
    expect(stderr).toMatch(/test\/cat\/3\.jpg = train\/cat\/learned\.jpg/);
    expect(stderr).toMatch(/train\/cat\/both\.jpg = train\/dog\/both\.jpg/);
    expect(stderr).not.toMatch(/again/);
  });

  test("duplicates: drop keeps what is asked about, and nothing with two labels", async () => {
    await organize("{ source: ./data }", "{ duplicates: drop }");
    expect(places()).toEqual(
      ["test/cat/3.jpg", "test/dog/4.jpg", "train/cat/1.jpg", "train/dog/2.jpg"].toSpliced(
        3,
        1,
        "train/dog/2.jpg",
      ),
    );
    expect(step()?.metrics).toMatchObject({ images: 4, duplicatesDropped: 4, duplicatesAcrossSplits: 0 });
    expect(notes()).toMatch(/4 of 8 pictures are left out: they were there more than once\./);
  });
});

describe("materialize: reference", () => {
  const pipeline = (source: string): string => `
name: data
steps:
  splits: { uses: organize, inputs: { source: ${source} }, with: { materialize: reference } }
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, input: { size: [32, 32] }, pool: average, batchSize: 2 }
`;
  const run = async (source = "./data", ...args: string[]) => {
    place.write("p.yaml", pipeline(source));
    return place.flow(["run", "p.yaml", ...args]);
  };

  test("leaves pictures where they are; a source that moves is found again, and nothing is computed twice", async () => {
    put("data/cat/1.jpg", "data/dog/2.jpg");
    expect(await run()).toMatchObject({ code: 0 });
    expect(table()).toMatch(/^split,.*,height,path\n/);
    expect(lines()[0]).toMatch(/,cat\/1\.jpg$/);
    expect(table()).not.toContain(place.root);
    const { digest } = step()?.outputs.images ?? {};
    renameSync(join(place.root, "data"), join(place.root, "elsewhere"));
    expect((await run()).stderr).toMatch(/missing: \.\/data/);
    expect(await run("./elsewhere")).toMatchObject({ code: 0 });
    expect(step()).toMatchObject({ outcome: "ran", outputs: { images: { digest } } });
    expect(step()?.reasons[0]).toMatchObject({
      kind: "result-missing",
      what: `the folder ${place.root}/data`,
    });
    expect(place.record().steps.features?.outcome).toBe("cached");
  });

  test("a picture that is not what was organized is named", async () => {
    put("data/cat/1.jpg", "data/dog/2.jpg");
    expect(await run("./data", "--until", "splits")).toMatchObject({ code: 0 });
    // Another step's source, so that nobody looks at it in this run.
    place.write("q.yaml", pipeline("./copy").replace("name: data", "name: copy"));
    cpSync(join(place.root, "data"), join(place.root, "copy"), { recursive: true });
    put("data/dog/2.jpg");
    writeFileSync(join(place.root, "data/dog/2.jpg"), readFileSync(join(golden, "page.png")));
    const { code, stderr } = await place.flow(["run", "q.yaml"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/data\/dog\/2\.jpg changed since it was organized/);
  });
});
