import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../../engine/step-type.ts";
import { type Features, openFeatures } from "../learning/features/rows.ts";
import { type Head, openHead } from "../learning/heads/head.ts";
import { writeTable } from "../learning/tables/csv.ts";
import { readImages } from "../learning/tables/images.ts";
import { classificationText, classify } from "./classification.ts";
import type { ReportContext } from "./declaration.ts";

const BATCH = 64;

/** Classifies the test split; writes `report.txt`, `report.json` and `predictions.csv`. */
export async function run(ctx: ReportContext): Promise<void> {
  const { model, features, images } = ctx.inputs;
  const rows = await openFeatures(features.path, ctx.openStore);
  const head = await openHead(model.path);
  try {
    const test = rows.index.flatMap((row, at) => (row.split === "test" ? [at] : []));
    await refuseMisfits(rows, head, test, images.path);
    const { classes } = head;
    const probabilities = await predictAll(ctx, rows, head, test);
    const truth = test.map((at) => rows.index[at]?.label as number);
    const predicted = test.map((_, row) => highest(probabilities, row, classes.length));
    const figures = classify(truth, predicted, classes);

    const folder = ctx.output("report");
    const notes = [...new Set([...model.notes, ...features.notes, ...images.notes])];
    await writeFile(join(folder, "report.txt"), classificationText(figures));
    await writeFile(
      join(folder, "report.json"),
      `${JSON.stringify({ split: "test", notes, ...figures }, null, 2)}\n`,
    );
    const columns = ["file", "label", "predicted", ...classes.map((name) => `p_${name}`)];
    const lines = test.map((at, row) => [
      rows.index[at]?.file ?? "",
      classes[truth[row] as number] as string,
      classes[predicted[row] as number] as string,
      ...probabilities.subarray(row * classes.length, (row + 1) * classes.length),
    ]);
    await writeTable(join(folder, "predictions.csv"), columns, lines);
    ctx.metric({ accuracy: figures.accuracy, macroF1: figures.macro.f1 });
  } finally {
    await head.close();
    await rows.close();
  }
}

/** Inputs that belong to different data would give figures that mean nothing. */
async function refuseMisfits(
  features: Features,
  head: Head,
  test: readonly number[],
  images: string,
): Promise<void> {
  if (test.length === 0) throw new StepError("the features hold no images of the split test");
  if (head.description.inputLength !== features.rowLength) {
    const { inputLength } = head.description;
    throw new StepError(
      `the model takes rows of ${inputLength} values; the features have ${features.rowLength}`,
    );
  }
  if (head.classes.join("\n") !== features.classes.join("\n")) {
    throw new StepError(
      `the model knows the classes ${head.classes.join(", ")}; the features have ${features.classes.join(", ")}`,
    );
  }
  const known = new Set((await readImages(images)).map(({ digest }) => digest));
  const strange = test.filter((at) => !known.has(features.index[at]?.digest ?? ""));
  if (strange.length > 0) {
    throw new StepError(`${strange.length} test images of the features are not among the images given`);
  }
}

/** Probabilities, float32, images × classes. */
async function predictAll(
  ctx: ReportContext,
  features: Features,
  head: Head,
  positions: readonly number[],
): Promise<Float32Array> {
  const all = new Float32Array(positions.length * head.classes.length);
  const rows = new Float32Array(Math.min(BATCH, positions.length) * features.rowLength);
  for (let at = 0; at < positions.length; at += BATCH) {
    ctx.signal.throwIfAborted();
    const batch = positions.slice(at, at + BATCH);
    await features.read(batch, rows);
    all.set(await head.predict(rows, batch.length), at * head.classes.length);
    ctx.progress({ done: Math.min(at + BATCH, positions.length), total: positions.length, unit: "images" });
  }
  return all;
}

function highest(probabilities: Float32Array, row: number, classes: number): number {
  const values = probabilities.subarray(row * classes, (row + 1) * classes);
  return values.indexOf(Math.max(...values));
}
