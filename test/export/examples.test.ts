import { execFileSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readIndex } from "../../steps/learning/tables/features.ts";
import type { Workplace } from "../cli/flow.ts";
import { exampleIn, type Kind, newFolderIn, placeWithNetworks, type Written, written } from "./exporting.ts";
import { farthest } from "./farthest.ts";
import { lackOfPython, python } from "./python.ts";

// The examples of a card, run as they are written, on pictures that are not yet as large as the network takes them.

let place: Workplace;
beforeAll(() => {
  place = placeWithNetworks();
});
afterAll(() => place.remove());

const resnet = (input: string): string =>
  `{ network: resnet50, weights: seeded, pool: average, input: { size: [32, 24]${input} } }`;
const train = ", normalize: standard";
const kinds: readonly (Kind & {
  /** How far what Node says may be from what flow says: sharp's filters are its own. */
  readonly within: number;
})[] = [
  { title: "as a network takes them by default", extract: resnet(""), train, within: 1e-5 },
  {
    title: "cut, by another filter, turned",
    extract: resnet(", fit: crop, resize: bicubic, orient: true"),
    train,
    within: 0.2,
  },
  {
    title: "with bars, by another filter",
    extract: resnet(", fit: pad, resize: bilinear"),
    train,
    within: 0.2,
  },
  {
    title: "for a network that takes three at a time",
    extract: "{ input: { scaling: torch } }",
    files: ", network: ./onnx/batch3.onnx",
    within: 1e-5,
  },
];

const done = new Map<string, Promise<Written>>();

/** A folder with what was written, where an example runs; each pipeline runs once. */
async function ready(kind: Kind, language: string): Promise<Written> {
  const running = done.get(kind.title) ?? written(place, kind);
  done.set(kind.title, running);
  const found = await running;
  const folder = newFolderIn(place, `${kind.title} ${language}`);
  cpSync(found.folder, folder, { recursive: true, mode: 0 });
  return { ...found, folder };
}

interface Run {
  readonly folder: string;
  readonly command: string;
  readonly file: string;
}

/** What an example prints: a class, and its probability. */
function said(
  { folder, command, file }: Run,
  ...args: readonly string[]
): [name: string, probability: number][] {
  const lines = execFileSync(command, [file, ...args], { cwd: folder, encoding: "utf8" })
    .trim()
    .split("\n");
  return lines.map((line) => {
    const [name = "", probability] = line.split(" ");
    return [name, Number(probability)];
  });
}

function expectRight(written: Written, run: Run, within: number): void {
  // Of each class the one that is most sure.
  const classes = written.expected.length / written.pictures.length;
  const sure = (at: number): number => Math.max(...written.expected.slice(at * classes, (at + 1) * classes));
  for (const name of new Set(written.named)) {
    const of = [...written.named.keys()].filter((at) => written.named[at] === name);
    const at = of.reduce((best, one) => (sure(one) > sure(best) ? one : best));
    const [[found, probability] = []] = said(run, written.pictures[at] as string);
    expect(found).toBe(name);
    expect(Math.abs((probability as number) - sure(at))).toBeLessThan(within);
  }
}

/** An example as a file, as people copy it out of the card. */
function copied(folder: string, title: "Python" | "Node"): Run {
  const [command, file] =
    title === "Python" ? [python ?? "", "classify.py"] : [process.execPath, "classify.mjs"];
  writeFileSync(join(folder, file), exampleIn(folder, title));
  return { folder, command, file };
}

const lack = lackOfPython("numpy", "onnxruntime", "PIL");
describe.each(kinds)("pictures $title", (kind) => {
  test.skipIf(lack !== "")(`Python names the class that flow predict names${lack}`, async () => {
    const found = await ready(kind, "python");
    expectRight(found, copied(found.folder, "Python"), 1e-5);
  });
  test("Node names the class that flow predict names", async () => {
    const found = await ready(kind, "node");
    expectRight(found, copied(found.folder, "Node"), kind.within);
  });
});

describe.each(["float32", "float16"])("rows of features in %s", (dtype) => {
  const kind = { title: dtype, extract: resnet("").replace(/ }$/, `, dtype: ${dtype} }`), train };

  /** What an example says of `test.npy`, and what flow says of the same pictures. */
  async function bothSaid(
    title: "Python" | "Node",
    model = "onnx",
  ): Promise<readonly (readonly [string, number])[][]> {
    const { pictures, expected, named } = await written(place, kind);
    const classes = expected.length / pictures.length;
    const byName = new Map(
      pictures.map((path, at) => [
        basename(path),
        [named[at] as string, Math.max(...expected.slice(at * classes, (at + 1) * classes))] as const,
      ]),
    );
    const [head, rows] = ["head", "rows"].map((word) => `${word} ${model} ${dtype} ${title}`) as [
      string,
      string,
    ];
    for (const [format, out] of [
      [model, head],
      ["numpy", rows],
    ] as const) {
      const wrote = await place.flow(["export", "latest", "--format", format, "-o", out]);
      expect(wrote).toMatchObject({ code: 0 });
    }
    const index = await readIndex(join(place.root, rows));
    const tested = index.filter(({ split }) => split === "test");
    const run = copied(join(place.root, head), title);
    return [
      said(run, join(place.root, rows, "test.npy")),
      tested.map(({ file }) => byName.get(basename(file)) as readonly [string, number]),
    ];
  }

  function expectSame([found = [], expected = []]: readonly (readonly [string, number])[][]): void {
    expect(expected).toHaveLength(12);
    expect(found.map(([name]) => name)).toEqual(expected.map(([name]) => name));
    expect(
      farthest(
        found.map(([, sure]) => sure),
        expected.map(([, sure]) => sure),
      ),
    ).toBeLessThan(1e-5);
  }

  test.skipIf(lack !== "")(`Python names the class of each that flow predict names${lack}`, async () => {
    expectSame(await bothSaid("Python"));
  });
  test("Node names the class of each that flow predict names", async () => {
    expectSame(await bothSaid("Node"));
  });
  test("Node names it with TensorFlow.js, too", async () => {
    expectSame(await bothSaid("Node", "tfjs"));
  });
  const lackOfKeras = lackOfPython("numpy", "keras");
  test.skipIf(lackOfKeras !== "")(`Python names it with Keras, too${lackOfKeras}`, async () => {
    expectSame(await bothSaid("Python", "keras"));
  });
});
