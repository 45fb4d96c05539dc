import sharp, { type Sharp } from "sharp";
import { ImageError } from "./image-error.ts";
import type { Raster } from "./raster.ts";

// Every picture is read once: libvips' cache of operations would only hold memory.
sharp.cache(false);
// One thread a picture; pictures are decoded side by side.
sharp.concurrency(1);

/** A picture in memory, and how many pixels it may have. */
export interface Encoded {
  /** What it is called in messages. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly limit: number;
  /** What raises the limit, as people write it. Default: the parameter of `extract`. */
  readonly raisedBy?: string;
}

/**
 * Decodes as Pillow does, without colour profiles. How many pixels a picture has
 * is known from its header, before memory is taken for them.
 *
 * @throws ImageError where it is too large, damaged, or of a form that is not read.
 */
export const decodeAs = {
  rgb: async (source: Encoded): Promise<Raster> =>
    raw(source, (image) => image.toColourspace("srgb").removeAlpha()),
  /** Inks as they are stored; libvips would convert them by a profile. */
  async cmyk(source: Encoded): Promise<Raster> {
    const inks = await raw(source, (image) =>
      image.pipelineColourspace("cmyk").toColourspace("cmyk").removeAlpha(),
    );
    return { ...inks, data: rgbOfInks(inks.data), channels: 3 };
  },
  /** Pillow cuts 16-bit greys off at 255; libvips would divide them. */
  async grey16(source: Encoded): Promise<Raster> {
    const greys = await raw(source, (image) =>
      image.toColourspace("grey16").removeAlpha().raw({ depth: "ushort" }),
    );
    const { data } = greys;
    const values = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    return { ...greys, data: Uint8Array.from(values, (value) => Math.min(value, 255)) };
  },
};

/** Width and height as they are stored, from the header. @param picture a file, or its bytes. */
export async function storedSize(
  file: string,
  picture: string | Uint8Array,
): Promise<{ width: number; height: number }> {
  try {
    const { width, height } = await sharp(picture, { limitInputPixels: false }).metadata();
    return { width, height };
  } catch (error) {
    throw explanation(file, error as Error);
  }
}

/** RGB pixels (uint8, height × width × 3) as a JPEG. The bytes depend on nothing else. */
export async function jpegOf(rgb: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
}

/** uint8, side × side: greys of a picture, quickly. @throws ImageError where it is too large or damaged. */
export async function greysOf(file: string, side: number, limit: number): Promise<Uint8Array> {
  try {
    const small = sharp(file, { limitInputPixels: limit }).resize(side, side, { fit: "fill" });
    return await small.flatten().greyscale().raw().toBuffer();
  } catch (error) {
    throw explanation(file, error as Error);
  }
}

/**
 * A picture as people look at it, as a small JPEG: turned as its EXIF says, in sRGB,
 * on white where it is transparent, without anything that its file says of it.
 *
 * @param side pixels of the longer side, at most.
 * @throws ImageError where it is too large or damaged.
 */
export async function thumbnailOf({ file, bytes, limit }: Encoded, side: number): Promise<Uint8Array> {
  try {
    const small = sharp(bytes, { limitInputPixels: limit }).autoOrient().resize(side, side, {
      fit: "inside",
      withoutEnlargement: true,
    });
    return await small
      .flatten({ background: "white" })
      .toColourspace("srgb")
      .jpeg({ quality: 80 })
      .toBuffer();
  } catch (error) {
    throw explanation(file, error as Error);
  }
}

/** In place of decoding a picture that is larger than `limit`. */
export function tooLarge(
  file: string,
  { width, height }: { readonly width: number; readonly height: number },
  limit: number,
  raisedBy = "input.maxPixels",
): ImageError {
  return new ImageError(
    file,
    `it has ${width} × ${height} pixels, more than the ${limit} that are allowed (${raisedBy} raises that)`,
  );
}

async function raw(
  { file, bytes, limit, raisedBy }: Encoded,
  form: (image: Sharp) => Sharp,
): Promise<Raster> {
  const options = { ignoreIcc: true, failOn: "error", limitInputPixels: limit } as const;
  try {
    const { data, info } = await form(sharp(bytes, options).raw()).toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height, channels: info.channels };
  } catch (error) {
    // Decided from the header; asked once more for what it says.
    if (/exceeds pixel limit/i.test((error as Error).message))
      throw tooLarge(file, await storedSize(file, bytes), limit, raisedBy);
    throw explanation(file, error as Error);
  }
}

/** CMYK to RGB as Pillow's Convert.c does it, without profiles. */
function rgbOfInks(inks: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((inks.length / 4) * 3);
  for (let from = 0, to = 0; from < inks.length; from += 4) {
    const light = 255 - (inks[from + 3] as number);
    for (let ink = 0; ink < 3; ink++) {
      const product = (inks[from + ink] as number) * light + 128;
      rgb[to++] = light - (((product >> 8) + product) >> 8);
    }
  }
  return rgb;
}

function explanation(file: string, error: Error): Error {
  const [first = ""] = error.message.split("\n");
  // No picture is to blame for these.
  if (/out of memory|cannot allocate|unable to malloc/i.test(first))
    return Object.assign(new Error(`memory ran out at ${file}`), { code: "ENOMEM" });
  const reason = first.replaceAll(file, "").trim();
  return new ImageError(
    file,
    /unknown error|^Input buffer|^$/i.test(reason)
      ? "it is damaged or cut short"
      : `it cannot be decoded (${reason})`,
  );
}
