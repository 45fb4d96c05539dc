import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../../engine/step-type.ts";
import { firstNotFiniteRow, notFiniteRow } from "../learning/features/not-finite.ts";
import { type Features, openFeatures } from "../learning/features/rows.ts";
import { type Head, openHead } from "../learning/heads/head.ts";
import { type Line, writeTable } from "../learning/tables/csv.ts";
import type { FeatureRow } from "../learning/tables/features.ts";
import { readHistory } from "../learning/tables/history.ts";
import { type ImageRow, imagePath, readImages } from "../learning/tables/images.ts";
import { writeFigures, writeReport } from "./artifact.ts";
import { classificationText, classify } from "./classification.ts";
import type { ReportContext } from "./declaration.ts";
import { type Measuring, measuring } from "./measure.ts";
import { refuseMisfits } from "./misfits.ts";
import { reportOf } from "./report-of.ts";
import { showExamples } from "./show-examples.ts";

const BATCH = 64;

/** Classifies the test split; writes the artifact that `artifact.ts` describes. */
export async function run(ctx: ReportContext): Promise<void> {
  const { model, features, images } = ctx.inputs;
  const rows = await openFeatures(features.path, ctx.openStore);
  const head = await openHead(model.path);
  try {
    const test = rows.index.flatMap((row, at) => (row.split === "test" ? [at] : []));
    const pictures = await readImages(images.path);
    const differences = refuseMisfits(rows, head, test, pictures);
    for (const difference of differences) ctx.note("report", difference);
    const { classes } = head;
    const folder = ctx.output("report");
    const others = othersOf(pictures);
    const columns = ["file", "label", "predicted", ...classes.map((name) => `p_${name}`), ...others.columns];
    const measured = measuring(test.length, classes.length, rows.rowLength);
    const lines = predictions(ctx, rows, { head, positions: test, others, into: measured });
    await writeTable(join(folder, "predictions.csv"), columns, lines);

    const figures = measured.figures();
    const classification = classify(figures.truth, figures.predicted, classes);
    const notes = [...new Set([...model.notes, ...features.notes, ...images.notes, ...differences])];
    await writeFile(join(folder, "report.txt"), classificationText(classification));
    await writeReport(folder, reportOf(classification, figures, notes));
    await writeFigures(folder, {
      format: 1,
      roc: figures.curves.roc,
      precisionRecall: figures.curves.precisionRecall,
      history: await readHistory(model),
      map: figures.map,
      ...(await showExamples(ctx, figures, { rows, test, pictures })),
    });
    ctx.metric({ accuracy: classification.accuracy, macroF1: classification.macro.f1 });
  } finally {
    await head.close();
    await rows.close();
  }
}

/** What a table of the user's says of images beside their classes. */
interface Others {
  readonly columns: readonly string[];
  of(image: FeatureRow): readonly string[];
}

function othersOf(images: readonly ImageRow[]): Others {
  const columns = [...(images[0]?.others?.keys() ?? [])];
  if (columns.length === 0) return { columns, of: () => [] };
  const rows = new Map(images.map((row) => [imagePath(row), row]));
  return {
    columns,
    of: (image) => columns.map((name) => rows.get(imagePath(image))?.others?.get(name) ?? ""),
  };
}

interface Predictions {
  readonly head: Head;
  readonly positions: readonly number[];
  readonly others: Others;
  readonly into: Measuring;
}

/** A line an image, computed as the table takes them. */
async function* predictions(
  ctx: ReportContext,
  features: Features,
  { head, positions, others, into }: Predictions,
): AsyncGenerator<Line> {
  const { classes } = head;
  const length = features.rowLength;
  const rows = new Float32Array(Math.min(BATCH, positions.length) * length);
  for (let at = 0; at < positions.length; at += BATCH) {
    ctx.signal.throwIfAborted();
    const batch = positions.slice(at, at + BATCH);
    await features.read(batch, rows);
    // Before the model: it overwrites rows where it normalizes them.
    for (const row of batch.keys()) into.see(rows.subarray(row * length, (row + 1) * length));
    const { predicted, probabilities, notFinite } = await head.predict(rows, batch.length);
    if (notFinite !== undefined) throw await strange(features, batch[notFinite] as number);
    for (const [row, position] of batch.entries()) {
      const image = features.index[position] as FeatureRow;
      const values = probabilities.subarray(row * classes.length, (row + 1) * classes.length);
      const guess = predicted[row] as number;
      into.add(image.label, guess, values);
      yield [
        image.file,
        classes[image.label] as string,
        classes[guess] as string,
        ...values,
        ...others.of(image),
      ];
    }
    ctx.progress({ done: at + batch.length, total: positions.length, unit: "images" });
  }
}

async function strange(features: Features, position: number): Promise<StepError> {
  const picture = await firstNotFiniteRow(features, [position]);
  if (picture !== undefined) return notFiniteRow(picture);
  const place = imagePath(features.index[position] as FeatureRow);
  return new StepError(
    `what the model computes for ${place} is not finite: train it with a smaller learning rate`,
  );
}
