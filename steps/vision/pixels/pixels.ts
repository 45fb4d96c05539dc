import { writeFile } from "node:fs/promises";
import sharp from "sharp";
import { StepError } from "../../../engine/step-type.ts";

// Every picture is read once: libvips' cache of operations would only hold memory.
sharp.cache(false);
// One thread a picture; pictures are decoded side by side.
sharp.concurrency(1);

/** A picture larger than this is refused: 0x3fff × 0x3fff, libvips' own limit for untrusted input. */
const limitInputPixels = 0x3fff * 0x3fff;

/**
 * A picture as Keras' load_img(target_size) sees it: decoded without rotation or
 * colour management, RGB, resized by nearest neighbour without keeping the
 * aspect ratio. Bit for bit what Pillow gives for JPEG, PNG, WebP, GIF and TIFF
 * of 8 bits; CMYK JPEGs and 16-bit pictures differ.
 *
 * @param into uint8, height × width × 3.
 * @throws ImageError where the file is missing, truncated or no picture.
 */
export async function readPixels(
  file: string,
  size: readonly [height: number, width: number],
  into: Uint8Array,
): Promise<void> {
  const { data, info } = await explained(file, () =>
    sharp(file, { ignoreIcc: true, failOn: "error", limitInputPixels })
      .toColourspace("srgb")
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true }),
  );
  const { width, height, channels } = info;
  const columns = nearest(width, size[1]);
  const rows = nearest(height, size[0]);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * width + column) * channels;
      into[at++] = data[from] as number;
      // A grey picture has one channel.
      into[at++] = data[from + (channels === 3 ? 1 : 0)] as number;
      into[at++] = data[from + (channels === 3 ? 2 : 0)] as number;
    }
  }
}

/** Width and height of a picture in pixels as it is stored, from its header alone. */
export async function imageSize(file: string): Promise<{ width: number; height: number }> {
  const { width, height } = await explained(file, () => sharp(file, { limitInputPixels }).metadata());
  return { width, height };
}

/** Writes RGB pixels (uint8, height × width × 3) as a JPEG. The bytes depend on nothing else. */
export async function writeJpeg(file: string, rgb: Uint8Array, width: number, height: number): Promise<void> {
  const jpeg = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
  // Node's error says that a disk is full; libvips' own does not.
  await writeFile(file, jpeg);
}

/**
 * The source position of each of `to` pixels on an axis of `from`. Pillow's
 * nearest neighbour (Geometry.c, ImagingScaleAffine) adds up the step in double
 * precision; (x + 0.5) · from / to would round elsewhere.
 */
function nearest(from: number, to: number): Int32Array {
  const step = from / to;
  const positions = new Int32Array(to);
  let position = step * 0.5;
  for (let x = 0; x < to; x++) {
    positions[x] = Math.floor(position);
    position += step;
  }
  return positions;
}

/** A picture that is missing, damaged or none. */
export class ImageError extends StepError {
  /** What is wrong with it, on one line. */
  readonly reason: string;

  constructor(file: string, reason: string) {
    super(`${file}: ${reason}`);
    this.reason = reason;
  }
}

async function explained<Result>(file: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    const [first = ""] = (error as Error).message.split("\n");
    const reason = first.replaceAll(file, "").replace(/^Input file (is missing).*/, "it $1");
    throw new ImageError(file, /unknown error/i.test(reason) ? "it is damaged or cut short" : reason);
  }
}
