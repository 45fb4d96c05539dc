import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { input, layer, oneByOne, summing, writeModel } from "../networks/model-files.ts";
import { newWorkplace, type Workplace } from "./flow.ts";

// What tests of `flow predict` share.

export const pipeline = (extract: string, more = "") => `
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
export const plain = `inputs: { images: splits.images }\n    with: ${resnet}`;
/** What is computed in other ways: kinds of models that predictions are compared of. */
export const kinds = [
  { title: "as they are", extract: plain, more: "" },
  {
    title: "in float16, standardized",
    extract: `inputs: { images: splits.images }\n    with: ${resnet.replace("}, batch", "}, dtype: float16, batch")}`,
    more: ", normalize: standard",
  },
];

/** Writes a network of one convolution as `net` into a workplace. @returns how its features are extracted. */
export function smallNetwork(place: Workplace): string {
  const folder = writeModel({
    layers: [
      input("picture", [16, 16]),
      layer("Conv2D", "sum", "picture", oneByOne),
      layer("ReLU", "bend", "sum"),
    ],
    weights: summing("sum"),
  });
  cpSync(folder, join(place.root, "net"), { recursive: true });
  return "inputs: { images: splits.images, network: ./net }\n    with: { layer: bend, input: { scaling: tf } }";
}

/** A workplace in which a pipeline has run. */
export async function trainedPlace(text = pipeline(plain)): Promise<Workplace> {
  const place = newWorkplace();
  place.write("p.yaml", text);
  expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
  return place;
}

export const evaluation = "runs/latest/pictures/images/evaluation";

type Row = readonly string[];

export function rowsOf(csv: string): readonly Row[] {
  return csv
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
}

/** What the report says of its pictures: by file, from the predicted class on. */
export function reported(of: Workplace): Record<string, Row> {
  const [, ...rows] = rowsOf(
    readFileSync(join(of.root, "runs/latest/report/report/predictions.csv"), "utf8"),
  );
  return Object.fromEntries(rows.map(([file = "", , ...rest]) => [file, rest]));
}

/** The same of what `--csv` printed. */
export function predicted(csv: string): Record<string, Row> {
  const [, ...rows] = rowsOf(csv);
  return Object.fromEntries(rows.map(([file = "", , ...rest]) => [file.replace(/^.*\//, ""), rest]));
}

/** Pictures that no run has seen: as they are drawn, and a byte behind their end. */
export function newPictures(of: Workplace, folder: string, count: number): void {
  const from = join(of.root, evaluation);
  mkdirSync(join(of.root, folder), { recursive: true });
  const files = readdirSync(from).sort();
  for (let at = 0; at < count; at++) {
    const file = files[at % files.length] as string;
    const bytes = Buffer.concat([readFileSync(join(from, file)), Buffer.from(`${folder} ${at}`)]);
    writeFileSync(join(of.root, folder, `${String(at).padStart(4, "0")}.jpg`), bytes);
  }
}
