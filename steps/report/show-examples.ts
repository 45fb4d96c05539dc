import { join } from "node:path";
import type { Features } from "../learning/features/rows.ts";
import type { FeatureRow } from "../learning/tables/features.ts";
import { type ImageRow, imagePath } from "../learning/tables/images.ts";
import { choicesIn } from "../vision/preprocessing.ts";
import type { Example, Figures } from "./artifact.ts";
import type { ReportContext } from "./declaration.ts";
import { four } from "./figures/round.ts";
import type { Measured } from "./measure.ts";
import { writeThumbnail } from "./thumbnails.ts";

interface Shown {
  readonly rows: Features;
  /** Positions of the test rows. */
  readonly test: readonly number[];
  readonly pictures: readonly ImageRow[];
}

/** The pictures that are worth a look, with a small one of each beside the figures. */
export async function showExamples(
  ctx: ReportContext,
  { examples, truth, predicted, confidence }: Measured,
  { rows, test, pictures }: Shown,
): Promise<Pick<Figures, "mistakes" | "doubts">> {
  const wanted = new Set([...examples.mistakes, ...examples.doubts].map((at) => test[at] as number));
  const places = new Set([...wanted].map((at) => imagePath(rows.index[at] as FeatureRow)));
  const found = new Map(
    pictures.flatMap((row) => (places.has(imagePath(row)) ? [[imagePath(row), row] as const] : [])),
  );
  const { maxPixels } = choicesIn(rows.manifest.preprocessing);
  const show = async (kind: string, chosen: readonly number[]): Promise<Example[]> => {
    const shown: Example[] = [];
    for (const [order, at] of chosen.entries()) {
      ctx.signal.throwIfAborted();
      const image = rows.index[test[at] as number] as FeatureRow;
      const row = found.get(imagePath(image));
      const name = `thumbnails/${kind}-${String(order + 1).padStart(2, "0")}.jpg`;
      const file = join(ctx.output("report"), name);
      const isShown = row !== undefined && (await writeThumbnail(file, ctx.inputs.images, row, maxPixels));
      shown.push({
        file: image.file,
        label: truth[at] as number,
        predicted: predicted[at] as number,
        confidence: four(confidence[at] as number),
        ...(isShown ? { thumbnail: name } : {}),
      });
    }
    return shown;
  };
  return {
    mistakes: await show("mistake", examples.mistakes),
    doubts: await show("doubt", examples.doubts),
  };
}
