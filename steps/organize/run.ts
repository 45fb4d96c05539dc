import { constants } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { concurrently } from "../../engine/concurrently.ts";
import { StepError, type StepInput } from "../../engine/step-type.ts";
import { type ImageRow, imagePath, type Split, writeImages } from "../learning/tables/images.ts";
import { imageSize } from "../vision/pixels/pixels.ts";
import type { OrganizeContext, OrganizeParams } from "./declaration.ts";
import { type FoundImage, type FoundImages, filesOfSplit, findImages } from "./find-images.ts";
import { findingsOf } from "./findings.ts";
import { readLabels } from "./labels.ts";
import { countByKind, kindsText, picturesAmong } from "./left-out.ts";
import { listed } from "./listed.ts";

/** Copies every picture to `<split>/<class>/<file>` and writes `images.csv`. */
export async function run(ctx: OrganizeContext): Promise<void> {
  const { params } = ctx;
  const { source } = ctx.inputs;
  const labels = ctx.inputs.labels && (await readLabels(ctx.inputs.labels, source.files));
  const found = findImages(source, params, labels);
  const classes = labelsOf(params);
  refuseGaps(source, found, params, [...classes.keys()]);

  const rows = await takeAll(ctx, found.images, classes);
  await writeImages(ctx.output("images"), rows);
  const unused = labels?.withoutFile ?? [];
  const findings = findingsOf(rows, await picturesAmong(found.skipped), unused);
  for (const note of findings.notes) ctx.note("images", note);
  ctx.metric({
    images: rows.length,
    skipped: found.skipped.length,
    skippedByKind: countByKind(found.skipped),
    duplicatesAcrossSplits: findings.acrossSplits,
    duplicatesAcrossClasses: findings.acrossClasses,
    labelsWithoutImage: unused.length,
  });
}

/** Label = index of the class name in code-unit order, as scikit-learn's LabelEncoder has it. */
function labelsOf({ classes }: OrganizeParams): ReadonlyMap<string, number> {
  const names = [...new Set(Object.values(classes))].sort();
  return new Map(names.map((name, label) => [name, label]));
}

/** A class without a picture in some split, or an empty split, would only show up after hours. */
function refuseGaps(
  source: StepInput,
  { images, skipped }: FoundImages,
  { splits }: OrganizeParams,
  classes: readonly string[],
): void {
  const there = new Set(images.map((image) => `${image.split}/${image.class}`));
  const gaps: string[] = [];
  for (const [split, folder] of Object.entries(splits) as [Split, string][]) {
    const missing = classes.filter((name) => !there.has(`${split}/${name}`));
    const files = new Set(filesOfSplit(source, folder));
    const leftOut = skipped.filter((file) => files.has(file));
    const but = leftOut.length === 0 ? "" : `; left out there: ${kindsText(leftOut)}`;
    if (files.size === 0) gaps.push(`split ${split}: the source has no folder ${folder} with files in it`);
    else if (missing.length === classes.length)
      gaps.push(`split ${split} (folder ${folder}) has no pictures${but}`);
    else
      for (const name of missing)
        gaps.push(`split ${split} (folder ${folder}) has no picture of class ${name}${but}`);
  }
  if (gaps.length > 0) throw new StepError(listed("the pictures are not complete:", gaps));
}

/** @throws StepError naming every picture that cannot be read. */
async function takeAll(
  ctx: OrganizeContext,
  images: readonly FoundImage[],
  labels: ReadonlyMap<string, number>,
): Promise<ImageRow[]> {
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
  return rows;
}

async function take(image: FoundImage, label: number, folder: string): Promise<ImageRow> {
  const { split, file, source } = image;
  const { width, height } = await imageSize(source.absolute);
  const to = join(folder, imagePath(image));
  try {
    // Shares blocks where the file system can; what is there already must not be written over.
    await copyFile(source.absolute, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new StepError(
      `${source.absolute}: the disk of the cache takes its name for that of another picture, which differs in case or Unicode form only`,
    );
  }
  return { split, class: image.class, label, file, digest: source.digest, width, height };
}
