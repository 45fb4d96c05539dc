import { open, readFile, writeFile } from "node:fs/promises";
import { choicesIn, defaultChoices, type Preprocessing } from "../preprocessing.ts";
import { placementOf } from "./fit.ts";
import { firstFrame, onCanvas } from "./gif.ts";
import { ImageError } from "./image-error.ts";
import { coloursOfJpeg } from "./jpeg.ts";
import { contentOf, HEAD, isKind, type Kind, readKinds } from "./kinds.ts";
import { decodeAs, type Encoded, greysOf, jpegOf, storedSize, tooLarge } from "./libvips.ts";
import { sampleNearest } from "./nearest.ts";
import { orientationOf } from "./orientation.ts";
import { type Raster, turned } from "./raster.ts";
import { resample } from "./resample.ts";
import { tiffForm } from "./tiff.ts";
import { mirror, seenPart, type View } from "./view.ts";

export { ImageError, tooLarge };

/**
 * A picture as Keras' load_img sees it: decoded without colour management, RGB,
 * turned where that is asked for (TIFF always is, by Pillow too), and resized.
 * Bit for bit what Pillow gives for JPEG, PNG, WebP, GIF and TIFF; forms that
 * would differ are refused. The filters but nearest are exact up to the last
 * bits of a sine, which none of the compared pictures showed.
 *
 * @param into uint8, height × width × 3.
 * @throws ImageError where the file is missing, damaged, larger than
 * `maxPixels`, or no picture that is read.
 */
export async function readPixels(
  file: string,
  preprocessing: Omit<Preprocessing, "scaling"> & { readonly view?: View },
  into: Uint8Array,
): Promise<void> {
  await decodePixels(file, await readPicture(file), preprocessing, into);
}

/** The bytes of a picture. @throws ImageError where it is missing. */
export async function readPicture(file: string): Promise<Uint8Array> {
  return present(file, () => readFile(file));
}

/** As `readPixels`, of bytes that were read. @param preprocessing `raisedBy`: what raises `maxPixels`, for messages. */
export async function decodePixels(
  file: string,
  bytes: Uint8Array,
  preprocessing: Omit<Preprocessing, "scaling"> & Pick<Encoded, "raisedBy"> & { readonly view?: View },
  into: Uint8Array,
): Promise<void> {
  const { size, view, raisedBy } = preprocessing;
  const { resize, fit, orient, maxPixels: limit } = choicesIn(preprocessing);
  const kind = kindOf(file, bytes);
  const { orientation, ...raster } = await decode(kind, {
    ...{ file, bytes, limit },
    ...(raisedBy === undefined ? {} : { raisedBy }),
  });
  const isTurned = orient && kind !== "TIFF";
  const whole = turned(raster, isTurned ? orientationOf(kind, bytes) : (orientation ?? 1));
  const picture = seenPart(whole, view);
  const placement = placementOf(fit, picture, size);
  if (fit === "pad") into.fill(0);
  if (resize === "nearest") sampleNearest(picture, placement, into, size[1]);
  else resample(picture, resize, placement, into, size[1]);
  if (view?.kind === "flip") mirror(into, size[1]);
}

/**
 * Width and height of a picture in pixels as it is stored.
 *
 * @throws ImageError as `readPixels` does, for all that the start of the file shows.
 */
export async function imageSize(file: string): Promise<{ width: number; height: number }> {
  const kind = kindOf(file, await readHead(file));
  if (kind === "TIFF") tiffForm(file, await readFile(file));
  return storedSize(file, file);
}

/** Writes RGB pixels (uint8, height × width × 3) as a JPEG. The bytes depend on nothing else. */
export async function writeJpeg(file: string, rgb: Uint8Array, width: number, height: number): Promise<void> {
  // Node's error says that a disk is full; libvips' own does not.
  await writeFile(file, await jpegOf(rgb, width, height));
}

/**
 * A picture as a few greys, quickly: not to the bit what another program gives.
 *
 * @returns uint8, side × side.
 * @throws ImageError as `readPixels` does.
 */
export async function readGreys(file: string, side: number): Promise<Uint8Array> {
  kindOf(file, await readHead(file));
  return greysOf(file, side, defaultChoices.maxPixels);
}

/** What the start of a file is, as `contentOf` has it. */
export async function contentOfFile(file: string): Promise<string | undefined> {
  return contentOf(await readHead(file));
}

async function readHead(file: string): Promise<Uint8Array> {
  return present(file, async () => {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(HEAD), 0, HEAD, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  });
}

function kindOf(file: string, bytes: Uint8Array): Kind {
  const content = contentOf(bytes);
  if (isKind(content)) return content;
  if (bytes.length === 0) throw new ImageError(file, "it is empty");
  const what = content === undefined ? "it is no picture" : `by its content it is a file of kind ${content}`;
  throw new ImageError(file, `${what} (${readKinds})`);
}

async function decode(kind: Kind, source: Encoded): Promise<Raster & { readonly orientation?: number }> {
  const { file, bytes, limit, raisedBy } = source;
  switch (kind) {
    case "JPEG":
      return coloursOfJpeg(bytes) === 4 ? decodeAs.cmyk(source) : decodeAs.rgb(source);
    case "PNG": {
      // Bit depth and colour type in the header.
      const isGrey16 = bytes[24] === 16 && bytes[25] === 0;
      return isGrey16 ? decodeAs.grey16(source) : decodeAs.rgb(source);
    }
    case "WebP":
      return decodeAs.rgb(source);
    case "GIF": {
      const frame = firstFrame(file, bytes);
      if (frame.canvas.width * frame.canvas.height > limit)
        throw tooLarge(file, frame.canvas, limit, raisedBy);
      return onCanvas(frame, await decodeAs.rgb({ ...source, bytes: frame.gif }));
    }
    case "TIFF": {
      const { colours, orientation } = tiffForm(file, bytes);
      return { ...(await decodeAs[colours](source)), orientation };
    }
    default:
      return kind satisfies never;
  }
}

/** Of errors on the way to a file, only that it is not there is the picture's. */
async function present<Result>(file: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new ImageError(file, "it is missing");
    throw error;
  }
}
