import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { ModelDescription } from "../../steps/learning/heads/model.ts";
import { readPixels } from "../../steps/vision/pixels/pixels.ts";
import { newWorkplace, repository, type Workplace } from "../cli/flow.ts";
import { evaluation, predicted } from "../cli/predicting.ts";

// What tests of exports of models share.

/** How the features and the head of a pipeline are made, as YAML. */
export interface Kind {
  readonly title: string;
  /** `with` of extract. */
  readonly extract: string;
  /** Inputs of extract and export, with a comma before them. */
  readonly files?: string;
  /** More of `with` of train, with a comma before it. */
  readonly train?: string;
}

/** Pictures are not as large as networks take them. */
export function pipeline({ extract, files = "", train = "" }: Kind, format = "onnx"): string {
  return `
name: handed-on
steps:
  pictures: { uses: generate, with: { splits: { training: 24, validation: 8, evaluation: 12 }, size: 40 } }
  splits:
    uses: organize
    inputs: { source: pictures.images }
    with: { splits: { train: training, validation: validation, test: evaluation }, classes: { "0": stripes, "1": discs } }
  features:
    uses: extract
    inputs: { images: splits.images${files} }
    with: ${extract}
  head:
    uses: train
    inputs: { features: features.features }
    with: { hidden: [16], epochs: 4${train} }
  model:
    uses: export
    inputs: { model: head.model${files} }
    with: { format: ${format}, include: all }
`;
}

/** A workplace with networks in files: `onnx/`, and `small` with weights in `small.h5`. */
export function placeWithNetworks(): Workplace {
  const place = newWorkplace();
  const golden = (name: string): string => join(repository, "test/golden", name);
  cpSync(golden("onnx"), join(place.root, "onnx"), { recursive: true });
  cpSync(golden("keras/small"), join(place.root, "small"), { recursive: true });
  cpSync(golden("keras/small.h5"), join(place.root, "small.h5"));
  symlinkSync(join(repository, "node_modules"), join(place.root, "node_modules"));
  return place;
}

/** A model that was written, pictures, and what `flow predict` says of them. */
export interface Written {
  /** Where the files are; nothing can be written there. */
  readonly folder: string;
  readonly pictures: readonly string[];
  /** uint8, count × height × width × 3. */
  readonly pixels: Uint8Array;
  /** count, height, width, 3. */
  readonly dims: readonly number[];
  /** count × classes. */
  readonly expected: Float32Array;
  /** By picture. */
  readonly named: readonly string[];
}

/** Runs the pipeline, and asks for predictions, as a user does. */
export async function written(place: Workplace, kind: Kind, format = "onnx"): Promise<Written> {
  place.write("p.yaml", pipeline(kind, format));
  expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
  const pictures = readdirSync(join(place.root, evaluation))
    .sort()
    .map((name) => join(place.root, evaluation, name));
  const { code, stdout } = await place.flow(["predict", "latest", evaluation, "--csv"]);
  expect(code).toBe(0);
  const said = predicted(stdout);
  const lines = pictures.map((path) => said[path.replace(/^.*\//, "")] as readonly string[]);
  const { preprocessing } = JSON.parse(
    readFileSync(join(outputOf(place, "head", "model"), "model.json"), "utf8"),
  ) as ModelDescription;
  const [height, width] = preprocessing.size;
  const each = height * width * 3;
  const pixels = new Uint8Array(pictures.length * each);
  for (const [at, path] of pictures.entries()) {
    await readPixels(path, preprocessing, pixels.subarray(at * each, (at + 1) * each));
  }
  return {
    folder: outputOf(place, "model", "files"),
    pictures,
    pixels,
    dims: [pictures.length, height, width, 3],
    expected: Float32Array.from(lines.flatMap(([, ...probabilities]) => probabilities.map(Number))),
    named: lines.map(([name = ""]) => name),
  };
}

function outputOf(place: Workplace, step: string, output: string): string {
  const digest = place.record().steps[step]?.outputs[output]?.digest.slice("sha256:".length);
  return join(place.root, ".flow/artifacts", digest ?? "none");
}

/** The code of an example in the card. */
export function exampleIn(folder: string, title: string): string {
  const card = readFileSync(join(folder, "README.md"), "utf8");
  const [, code] = new RegExp(`### ${title}\\n\\n\`\`\`\\w+\\n(.*?)\\n\`\`\`\\n`, "s").exec(card) ?? [];
  if (code === undefined) throw new Error(`the card in ${folder} has no example for ${title}`);
  return `${code}\n`;
}

/** A folder of the workplace, for tests' own files. */
export function newFolderIn(place: Workplace, name: string): string {
  const folder = join(place.root, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
