import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../../engine/step-type.ts";
import { type ImageRow, type ImagesPlace, imageFile } from "../learning/tables/images.ts";
import { ImageError } from "../vision/pixels/image-error.ts";
import { goneText, refuseOther } from "../vision/pixels/in-source.ts";
import { thumbnailOf } from "../vision/pixels/libvips.ts";
import { readPicture } from "../vision/pixels/pixels.ts";

const SIDE = 96;

/**
 * Writes a small JPEG of a picture; `false` where the picture cannot be read as people see it.
 *
 * @param limit pixels; a larger picture has none.
 * @throws StepError where a picture that was left in its source is not there, or another.
 */
export async function writeThumbnail(
  file: string,
  images: ImagesPlace,
  image: ImageRow,
  limit: number,
): Promise<boolean> {
  const source = imageFile(images, image);
  try {
    const bytes = await readPicture(source);
    if (image.path !== undefined) refuseOther(source, bytes, image.digest);
    const small = await thumbnailOf({ file: source, bytes, limit }, SIDE);
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, small);
    return true;
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    // What is not there today is no reason to make another report for ever.
    if (image.path !== undefined && error.reason === "it is missing") throw new StepError(goneText(source));
    return false;
  }
}
