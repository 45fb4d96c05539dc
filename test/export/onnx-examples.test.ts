import { execFileSync } from "node:child_process";
import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newWorkplace, repository, type Workplace } from "../cli/flow.ts";
import { exampleIn, type Kind, newFolderIn, pipeline, type Written, written } from "./exporting.ts";
import { lackOfPython, python } from "./python.ts";

// The examples of a card, run as they are written, on pictures that are not yet as large as the network takes them.

let place: Workplace;
beforeAll(() => {
  place = newWorkplace();
  cpSync(join(repository, "test/golden/onnx/batch3.onnx"), join(place.root, "batch3.onnx"));
  symlinkSync(join(repository, "node_modules"), join(place.root, "node_modules"));
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
    files: ", network: ./batch3.onnx",
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

describe("rows of features", () => {
  const head = async (language: string): Promise<string> => {
    place.write("p.yaml", pipeline(kinds[0] as Kind));
    expect(await place.flow(["run", "p.yaml", "--until", "head"])).toMatchObject({ code: 0 });
    const folder = newFolderIn(place, `head-${language}`);
    for (const [format, out] of [
      ["onnx", `head-${language}`],
      ["numpy", `rows-${language}`],
    ] as const) {
      expect(await place.flow(["export", "latest", "--format", format, "-o", out])).toMatchObject({
        code: 0,
      });
    }
    return folder;
  };
  test.skipIf(lack !== "")(`Python has a class for each${lack}`, async () => {
    const folder = await head("python");
    expect(said(copied(folder, "Python"), "../rows-python/test.npy").length).toBe(12);
  });
  test("Node has a class for each", async () => {
    const folder = await head("node");
    expect(said(copied(folder, "Node"), "../rows-node/test.npy").length).toBe(12);
  });
});
