import { constants } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { concurrently } from "../../engine/concurrently.ts";
import { StepError, type StepInput } from "../../engine/step-type.ts";
import { type ImageRow, imagePath, type Split, writeImages } from "../learning/tables/images.ts";
import { imageSize } from "../vision/pixels/pixels.ts";
import type { OrganizeContext, OrganizeParams } from "./declaration.ts";
import { type FoundImage, findImages } from "./find-images.ts";
import { listed } from "./listed.ts";

/** Copies every picture to `<split>/<class>/<file>` and writes `images.csv`. */
export async function run(ctx: OrganizeContext): Promise<void> {
  const { params } = ctx;
  const { source } = ctx.inputs;
  const { images, skipped } = await findImages(source, params, ctx.inputs.labels);
  const labels = labelsOf(params);
  refuseGaps(source, images, params, [...labels.keys()]);

  const folder = ctx.output("images");
  const rows: ImageRow[] = [];
  const unreadable: string[] = [];
  for (const place of new Set(images.map((image) => dirname(imagePath(image))))) {
    await mkdir(join(folder, place), { recursive: true });
  }
  await concurrently(images, 4 * availableParallelism(), async (image) => {
    ctx.signal.throwIfAborted();
    try {
      rows.push(await take(image, labels.get(image.class) as number, folder));
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      unreadable.push(error.message);
    }
    ctx.progress({ done: rows.length + unreadable.length, total: images.length, unit: "images" });
  });
  if (unreadable.length > 0) {
    const what = unreadable.length === 1 ? "an image" : `${unreadable.length} images`;
    throw new StepError(`${what} cannot be read:\n${unreadable.sort().join("\n")}`);
  }
  await writeImages(folder, rows);
  ctx.metric({ images: rows.length, skipped });
}

/** Label = index of the class name in code-unit order, as scikit-learn's LabelEncoder has it. */
function labelsOf({ classes }: OrganizeParams): ReadonlyMap<string, number> {
  const names = [...new Set(Object.values(classes))].sort();
  return new Map(names.map((name, label) => [name, label]));
}

/** A class without a picture in some split, or an empty split, would only show up after hours. */
function refuseGaps(
  { files }: StepInput,
  images: readonly FoundImage[],
  { splits }: OrganizeParams,
  classes: readonly string[],
): void {
  const there = new Set(images.map((image) => `${image.split}/${image.class}`));
  const gaps: string[] = [];
  for (const [split, folder] of Object.entries(splits) as [Split, string][]) {
    const missing = classes.filter((name) => !there.has(`${split}/${name}`));
    const isThere = files.some(({ path }) => path.startsWith(`${folder}/`));
    if (!isThere) gaps.push(`split ${split}: the source has no folder ${folder} with files in it`);
    else if (missing.length === classes.length)
      gaps.push(`split ${split} (folder ${folder}) has no pictures`);
    else
      for (const name of missing)
        gaps.push(`split ${split} (folder ${folder}) has no picture of class ${name}`);
  }
  if (gaps.length > 0) throw new StepError(listed("the pictures are not complete:", gaps));
}

async function take(image: FoundImage, label: number, folder: string): Promise<ImageRow> {
  const { split, file, source } = image;
  const { width, height } = await imageSize(source.absolute);
  // Shares blocks where the file system can.
  await copyFile(source.absolute, join(folder, imagePath(image)), constants.COPYFILE_FICLONE);
  return { split, class: image.class, label, file, digest: source.digest, width, height };
}
