import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newWorkplace, repository, type Workplace } from "../cli/flow.ts";

const pictures = join(repository, "test/golden/pixels");

let place: Workplace;
beforeEach(() => {
  place = newWorkplace();
});
afterEach(() => place.remove());

/** A picture in the source; another one gives another content. */
function put(path: string, picture = "rgb.jpg"): void {
  const to = join(place.root, "data", path);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(join(pictures, picture), to);
}

interface Choices {
  readonly splits?: string;
  readonly classes: string;
  readonly classFrom: string;
  readonly labels?: string | Buffer;
}

async function organize({ splits = "{ train: training }", classes, classFrom, labels }: Choices) {
  if (labels !== undefined) place.write("labels.csv", labels);
  place.write(
    "p.yaml",
    `
name: data
steps:
  splits:
    uses: organize
    inputs: { source: ./data${labels === undefined ? "" : ", labels: ./labels.csv"} }
    with: { splits: ${splits}, classes: ${classes}, classFrom: ${classFrom} }
`,
  );
  return place.flow(["run", "p.yaml"]);
}

const byPrefix = { classes: '{ "0": zebra, "1": apple }', classFrom: "prefix" };

/** "split/class/file" of every line of images.csv. */
function places(): readonly string[] {
  const table = readFileSync(join(place.root, "runs/latest/splits/images/images.csv"), "utf8");
  const lines = table.trimEnd().split("\n").slice(1);
  return lines.map((line) => {
    const [split, name, , file] = line.split(",");
    return `${split}/${name}/${file}`;
  });
}

function metrics() {
  return place.record().steps.splits?.metrics;
}

test("one name in two subfolders is two pictures, told apart by the path within the class", async () => {
  for (const folder of ["cat/100", "cat/101", "dog/100"]) put(`training/${folder}/IMG_1.JPG`);
  expect(await organize({ classes: "{ cat: cat, dog: dog }", classFrom: "folder" })).toMatchObject({
    code: 0,
  });
  expect(places()).toEqual(["train/cat/100/IMG_1.JPG", "train/cat/101/IMG_1.JPG", "train/dog/100/IMG_1.JPG"]);
  const copy = join(place.root, "runs/latest/splits/images/train/cat/101/IMG_1.JPG");
  expect(readFileSync(copy)).toEqual(readFileSync(join(pictures, "rgb.jpg")));
});

test("folders that are one class stay part of the path, so that none of their pictures is lost", async () => {
  for (const folder of ["cat", "dog", "car"]) put(`training/${folder}/1.jpg`);
  const classes = "{ cat: animal, dog: animal, car: machine }";
  expect((await organize({ classes, classFrom: "folder" })).code).toBe(0);
  expect(places()).toEqual(["train/animal/cat/1.jpg", "train/animal/dog/1.jpg", "train/machine/1.jpg"]);
});

test("JPEGs are taken under all their names; pictures of other kinds are left out and counted aloud", async () => {
  put("training/0_a.jfif");
  put("training/1_b.JPE", "grey.jpg");
  put("training/0_c.bmp");
  put("training/0_d.heic");
  put("training/0_e");
  put("training/0_f.txt", "page.png");
  const { code, stdout } = await organize(byPrefix);
  expect(code).toBe(0);
  expect(places()).toEqual(["train/apple/1_b.JPE", "train/zebra/0_a.jfif"]);
  expect(metrics()).toMatchObject({
    images: 2,
    skipped: 4,
    skippedByKind: { ".bmp": 1, ".heic": 1, ".txt": 1, "no extension": 1 },
  });
  expect(stdout).toContain("skippedByKind (.bmp 1, .heic 1, .txt 1, no extension 1)");
  const notes = place.record().steps.splits?.outputs.images?.notes;
  expect(notes).toEqual([
    "2 classes have fewer than 10 pictures for training: apple 1, zebra 1.",
    "3 pictures are left out for the kind of file (.bmp 1, .heic 1, no extension 1): JPEG, PNG, WebP, GIF and TIFF are read.",
  ]);
  expect(stdout).toContain(`Note: ${notes?.[0]}`);
});

test("where all pictures are of another kind, the error says so", async () => {
  put("training/0_a.bmp");
  put("training/1_b.bmp");
  const { code, stderr } = await organize(byPrefix);
  expect(code).toBe(1);
  expect(stderr).toContain("split train (folder training) has no pictures; left out there: .bmp 2");
});

test("a picture that lies in two splits or two classes is named in a note", async () => {
  put("training/0_a.jpg");
  put("evaluation/0_b.jpg");
  put("training/1_c.jpg", "grey.jpg");
  put("training/0_d.jpg", "grey.jpg");
  put("evaluation/1_e.jpg", "progressive.jpg");
  const splits = "{ train: training, test: evaluation }";
  expect((await organize({ ...byPrefix, splits })).code).toBe(0);
  expect(metrics()).toMatchObject({ duplicatesAcrossSplits: 1, duplicatesAcrossClasses: 1 });
  expect(place.record().steps.splits?.outputs.images?.notes).toEqual([
    "1 picture is in more than one split: test/zebra/0_b.jpg = train/zebra/0_a.jpg.",
    "1 picture is in more than one class: train/apple/1_c.jpg = train/zebra/0_d.jpg.",
    "2 pictures are almost the same as one of another split: test/apple/1_e.jpg = train/apple/1_c.jpg, test/apple/1_e.jpg = train/zebra/0_a.jpg.",
    "2 classes have fewer than 10 pictures for training: apple 1, zebra 2.",
  ]);
});

test("labels that name no file are counted and named", async () => {
  put("training/a.jpg");
  put("training/b.jpg", "grey.jpg");
  const labels = "file,class\na.jpg,x\ntraining/b.jpg,y\nnot_there.jpg,x\n";
  const { code } = await organize({ classes: "{ x: one, y: two }", classFrom: "csv", labels });
  expect(code).toBe(0);
  expect(metrics()).toMatchObject({ images: 2, labelsWithoutImage: 1 });
  expect(place.record().steps.splits?.outputs.images?.notes).toEqual([
    "2 classes have fewer than 10 pictures for training: one 1, two 1.",
    "1 label has no picture: not_there.jpg (line 4).",
  ]);
});

test("a name that could be that of two different pictures is refused, not given to both", async () => {
  put("training/a.jpg");
  put("evaluation/a.jpg", "grey.jpg");
  put("training/b.jpg", "progressive.jpg");
  const labels = "file,class\na.jpg,x\nb.jpg,y\n";
  const { code, stderr } = await organize({ classes: "{ x: one, y: two }", classFrom: "csv", labels });
  expect(code).toBe(1);
  expect(stderr).toMatch(/names files that could be several; write their paths in the source:/);
  expect(stderr).toMatch(/a\.jpg \(line 2\): evaluation\/a\.jpg, training\/a\.jpg/);
});

test("one letter in two spellings is one letter: in labels, folders and classes", async () => {
  const typed = "caf\u00e9";
  const onDisk = typed.normalize("NFD");
  put(`${onDisk}/${onDisk}/1.jpg`);
  put(`${onDisk}/b/1.jpg`, "grey.jpg");
  const splits = `{ train: ${typed} }`;
  const folders = { splits, classes: `{ ${typed}: one, b: two }`, classFrom: "folder" };
  expect(await organize(folders)).toMatchObject({ code: 0, stderr: "" });
  expect(places()).toEqual(["train/one/1.jpg", "train/two/1.jpg"]);
  const labels = `file,class\n${typed}/${typed}/1.jpg,x\n${typed}/b/1.jpg,y\n`;
  const csv = { splits, classes: "{ x: one, y: two }", classFrom: "csv", labels };
  expect(await organize(csv)).toMatchObject({ code: 0, stderr: "" });
  expect(metrics()).toMatchObject({ images: 2, labelsWithoutImage: 0 });
  const twice = await organize({ ...folders, classes: `{ a: ${typed}, b: ${onDisk} }` });
  expect(twice.code).toBe(2);
  expect(twice.stderr).toContain("two names of classes differ only in Unicode form: café");
});

test("names with a backslash, a comma, quotes and a line break arrive downstream", async () => {
  for (const [at, name] of ["0_back\\slash.jpg", '1_"quoted", and\nbroken.jpg'].entries())
    put(`training/${name}`, ["rgb.jpg", "grey.jpg"][at]);
  expect((await organize(byPrefix)).code).toBe(0);
  place.write(
    "p.yaml",
    `${readFileSync(join(place.root, "p.yaml"), "utf8")}
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, input: { size: [32, 32] }, pool: average }
`,
  );
  expect((await place.flow(["run", "p.yaml"])).code).toBe(0);
  expect(place.record().steps.features?.metrics).toMatchObject({ images: 2, computed: 2 });
});

test("a table of labels that is not in UTF-8 is refused in a sentence", async () => {
  put("training/a.jpg");
  const labels = Buffer.from("file,class\ncaf\xe9.jpg,x\n", "latin1");
  const { code, stderr } = await organize({ classes: "{ x: one, y: two }", classFrom: "csv", labels });
  expect(code).toBe(1);
  expect(stderr).toMatch(/labels\.csv is not in UTF-8: save it as "CSV UTF-8"/);
});
