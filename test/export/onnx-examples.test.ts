import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newWorkplace, repository, type Workplace } from "../cli/flow.ts";
import { exampleIn, type Kind, newFolderIn, outputOf, type Written, written } from "./onnx-exporting.ts";
import { lackOfPython, python } from "./onnx-python.ts";

// The examples of a card, run as they are written, on pictures that are not yet as large as the network takes them.

let place: Workplace;
beforeAll(() => {
  place = newWorkplace();
  cpSync(join(repository, "test/golden/onnx/batch3.onnx"), join(place.root, "batch3.onnx"));
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
function said({ folder, command, file }: Run, ...args: readonly string[]): [name: string, probability: number][] {
  const lines = execFileSync(command, [file, ...args], { cwd: folder, encoding: "utf8" }).trim().split("\n");
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

function written_(folder: string, title: string, file: string): Run {
  writeFileSync(join(folder, file), exampleIn(folder, title));
  return { folder, command: title === "Python" ? (python as string) : process.execPath, file };
}
