import { describe, expect, test } from "vitest";
import type { InputFile } from "../../engine/step-type.ts";
import type { OrganizeParams } from "../../steps/organize/declaration.ts";
import { readLayout } from "../../steps/organize/layout.ts";

type Params = Pick<OrganizeParams, "splits" | "classes" | "classFrom">;

/** "split word path" of every picture; a split that nothing says is "-". */
function layoutOf(paths: readonly string[], params: Partial<Params> = {}, topIsArchives = false): string[] {
  const pictures = paths.map((path): InputFile => ({ path, absolute: `/${path}`, digest: path, bytes: 1 }));
  const { placed } = readLayout(pictures, { params: { classFrom: "auto", ...params }, topIsArchives });
  return placed.map(({ split = "-", word, path }) => `${split} ${word} ${path}`);
}

const refused = (paths: readonly string[], params: Partial<Params> = {}): string => {
  try {
    return layoutOf(paths, params).join("\n");
  } catch (error) {
    return (error as Error).message;
  }
};

describe("layouts that need nothing said", () => {
  test.each([
    [
      "split/class/file",
      ["train/cat/1.jpg", "val/dog/2.jpg"],
      ["train cat cat/1.jpg", "validation dog dog/2.jpg"],
    ],
    ["class/file", ["cat/1.jpg", "dog/2.jpg"], ["- cat cat/1.jpg", "- dog dog/2.jpg"]],
    ["split/prefix_file", ["training/0_1.jpg", "evaluation/1_2.jpg"], ["train 0 0_1.jpg", "test 1 1_2.jpg"]],
    ["prefix_file", ["0_1.jpg", "1_2.jpg"], ["- 0 0_1.jpg", "- 1 1_2.jpg"]],
    [
      "a folder round it all",
      ["Food-5K/training/0_1.jpg", "Food-5K/test/1_2.jpg"],
      ["train 0 0_1.jpg", "test 1 1_2.jpg"],
    ],
    [
      "several folders round it all",
      ["a/b/cat/1.jpg", "a/b/dog/2.jpg"],
      ["- cat cat/1.jpg", "- dog dog/2.jpg"],
    ],
    [
      "other cases of letters",
      ["Train/cat/1.jpg", "TEST/dog/2.jpg"],
      ["train cat cat/1.jpg", "test dog dog/2.jpg"],
    ],
    [
      "prefixes within class folders",
      ["cat/a_1.jpg", "dog/b_2.jpg"],
      ["- cat cat/a_1.jpg", "- dog dog/b_2.jpg"],
    ],
    ["folders within classes", ["cat/x/1.jpg", "dog/2.jpg"], ["- cat cat/x/1.jpg", "- dog dog/2.jpg"]],
    ["one split", ["train/cat/1.jpg", "train/dog/2.jpg"], ["train cat cat/1.jpg", "train dog dog/2.jpg"]],
  ])("%s", (_, paths, expected) => {
    expect(layoutOf(paths)).toEqual(expected);
  });

  test("archives that were unpacked side by side", () => {
    const paths = ["pets-train-000/cat/1.jpg", "pets-train-001/dog/2.jpg", "pets-val-000/cat/3.jpg"];
    expect(layoutOf(paths, {}, true)).toEqual([
      "train cat pets-train-000/cat/1.jpg",
      "train dog pets-train-001/dog/2.jpg",
      "validation cat cat/3.jpg",
    ]);
    expect(() => layoutOf(paths)).not.toThrow();
  });
});

describe("what can be read in two ways is an error that names both and what decides", () => {
  test.each([
    ["a split among classes", ["bus/1.jpg", "car/2.jpg", "train/3.jpg"]],
    ["pictures beside splits", ["train/cat/1.jpg", "test/dog/2.jpg", "3.jpg"]],
    ["folds", ["fold1/cat/1.jpg", "fold1/dog/2.jpg", "fold2/cat/3.jpg", "fold2/dog/4.jpg"]],
  ])("%s", (_, paths) => {
    const text = refused(paths);
    expect(text).toMatch(/split/);
    expect(text).toMatch(/class/);
    expect(text).toMatch(/`splits/);
    expect(text).toMatch(/`classes`/);
  });

  test("shares beside folders of splits", () => {
    const paths = ["train/cat/1.jpg", "train/dog/2.jpg", "test/cat/3.jpg"];
    expect(refused(paths, { splits: { train: 0.8, test: 0.2 } })).toMatch(
      /train, test can be splits or classes/,
    );
  });

  test("and a parameter does decide", () => {
    const paths = ["bus/1.jpg", "car/2.jpg", "train/3.jpg"];
    const classes = ["bus", "car", "train"];
    expect(layoutOf(paths, { classes })).toEqual([
      "- bus bus/1.jpg",
      "- car car/2.jpg",
      "- train train/3.jpg",
    ]);
    const folds = ["fold1/cat/1.jpg", "fold1/dog/2.jpg", "fold2/cat/3.jpg", "fold2/dog/4.jpg"];
    expect(layoutOf(folds, { splits: { train: "fold1", test: "fold2" } })).toEqual([
      "train cat cat/1.jpg",
      "train dog dog/2.jpg",
      "test cat cat/3.jpg",
      "test dog dog/4.jpg",
    ]);
    expect(layoutOf(folds, { classes: ["fold1", "fold2"] })[0]).toBe("- fold1 fold1/cat/1.jpg");
  });

  test("one folder of a split that shares deal out anew", () => {
    const paths = ["train/cat/1.jpg", "train/dog/2.jpg"];
    expect(layoutOf(paths, { splits: { train: 0.5, test: 0.5 } })).toEqual([
      "- cat cat/1.jpg",
      "- dog dog/2.jpg",
    ]);
  });
});

describe("classes", () => {
  test("a map that covers prefixes and not folders decides for prefixes", () => {
    const paths = ["train/a/0_1.jpg", "train/b/1_2.jpg"];
    expect(layoutOf(paths, { classes: { "0": "no", "1": "yes" } })).toEqual([
      "train 0 a/0_1.jpg",
      "train 1 b/1_2.jpg",
    ]);
  });

  test("where nothing says them, all pictures that are the matter are named", () => {
    const text = refused(["cat/1.jpg", "dog/2.jpg", "3.jpg"]);
    expect(text).toMatch(/the class of 1 picture is not known/);
    expect(text).toMatch(/\n3\.jpg$/);
    expect(text).toMatch(/`classFrom`/);
  });

  test("a reading that is asked for is the only one", () => {
    expect(layoutOf(["cat/a_1.jpg", "dog/b_2.jpg"], { classFrom: "prefix" })).toEqual([
      "- a cat/a_1.jpg",
      "- b dog/b_2.jpg",
    ]);
    expect(refused(["cat/1.jpg", "dog/b_2.jpg"], { classFrom: "prefix" })).toMatch(/nothing before a _/);
  });
});
