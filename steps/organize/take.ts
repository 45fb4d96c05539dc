import { constants } from "node:fs";
import { copyFile, mkdir, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { concurrently } from "../../engine/concurrently.ts";
import { cores } from "../../engine/cores.ts";
import { StepError } from "../../engine/step-type.ts";
import { byLocation, type ImageRow, imagePath } from "../learning/tables/images.ts";
import { ImageError, imageSize } from "../vision/pixels/pixels.ts";
import type { OrganizeContext } from "./declaration.ts";
import type { PlacedImage } from "./place.ts";

/** How a picture gets into the output: as a copy, by being moved, or not at all. */
export type Way = "copy" | "move" | "reference";

/** Brings pictures to their places in the output, and says what is known of them. */
export async function takeAll(
  ctx: OrganizeContext,
  images: readonly PlacedImage[],
  { labels, way }: { readonly labels: ReadonlyMap<string, number>; readonly way: Way },
): Promise<readonly ImageRow[]> {
  const folder = ctx.output("images");
  if (way !== "reference") {
    for (const place of new Set(images.map((image) => dirname(imagePath(image))))) {
      await mkdir(join(folder, place), { recursive: true });
    }
  }
  const rows = new Array<ImageRow>(images.length);
  let done = 0;
  await concurrently(images, 4 * cores(), async (image, at) => {
    ctx.signal.throwIfAborted();
    const { split, file, source, others } = image;
    // What cannot be read is the business of the step that needs its pixels.
    const size = await imageSize(source.absolute).catch((error: unknown) => {
      if (error instanceof ImageError) return {};
      throw error;
    });
    if (way !== "reference") await bring(source.absolute, join(folder, imagePath(image)), way);
    rows[at] = {
      ...{ split, class: image.class, label: labels.get(image.class) as number, file },
      ...{ digest: source.digest, ...size },
      ...(way === "reference" ? { path: source.path } : {}),
      ...(others === undefined ? {} : { others }),
    };
    ctx.progress({ done: ++done, total: images.length, unit: "images" });
  });
  return rows.sort(byLocation);
}

/** What is there already must not be written over. */
async function bring(from: string, to: string, way: "copy" | "move"): Promise<void> {
  try {
    if (way === "copy") {
      // Shares blocks where the file system can.
      await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      return;
    }
    const there = await stat(to).catch(() => undefined);
    if (there === undefined) return await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  throw new StepError(
    `${from}: the disk of the cache takes its name for that of another picture, which differs in case or Unicode form only`,
  );
}
