import { open, readFile, writeFile } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import { firstFrame, onCanvas } from "./gif.ts";
import { ImageError } from "./image-error.ts";
import { coloursOfJpeg } from "./jpeg.ts";
import { contentOf, HEAD, isKind, type Kind, readKinds } from "./kinds.ts";
import { type Raster, sampleNearest } from "./raster.ts";
import { tiffForm } from "./tiff.ts";

export { ImageError };

// Every picture is read once: libvips' cache of operations would only hold memory.
sharp.cache(false);
// One thread a picture; pictures are decoded side by side.
sharp.concurrency(1);

/** A picture larger than this is refused: 0x3fff × 0x3fff, libvips' own limit for untrusted input. */
const limitInputPixels = 0x3fff * 0x3fff;

/**
 * A picture as Keras' load_img(target_size) sees it: decoded without rotation
 * (but of TIFF, which Pillow turns) or colour management, RGB, resized by
 * nearest neighbour without keeping the aspect ratio. Bit for bit what Pillow
 * gives for JPEG, PNG, WebP, GIF and TIFF; forms that would differ are refused.
 *
 * @param into uint8, height × width × 3.
 * @throws ImageError where the file is missing, damaged, or no picture that is read.
 */
export async function readPixels(
  file: string,
  size: readonly [height: number, width: number],
  into: Uint8Array,
): Promise<void> {
  await decodePixels(file, await readPicture(file), size, into);
}

/** The bytes of a picture. @throws ImageError where it is missing. */
export async function readPicture(file: string): Promise<Uint8Array> {
  return present(file, () => readFile(file));
}

/** As `readPixels`, of bytes that were read. */
export async function decodePixels(
  file: string,
  bytes: Uint8Array,
  size: readonly [height: number, width: number],
  into: Uint8Array,
): Promise<void> {
  const { orientation = 1, ...raster } = await decode(file, kindOf(file, bytes), bytes);
  sampleNearest(raster, orientation, size, into);
}

/**
 * Width and height of a picture in pixels as it is stored.
 *
 * @throws ImageError as `readPixels` does, for all that the start of the file shows.
 */
export async function imageSize(file: string): Promise<{ width: number; height: number }> {
  const kind = kindOf(file, await readHead(file));
  if (kind === "TIFF") tiffForm(file, await readFile(file));
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
 * A picture as a few greys, quickly: not to the bit what another program gives.
 *
 * @returns uint8, side × side.
 * @throws ImageError as `readPixels` does.
 */
export async function readGreys(file: string, side: number): Promise<Uint8Array> {
  kindOf(file, await readHead(file));
  return explained(file, () =>
    sharp(file, { limitInputPixels })
      .resize(side, side, { fit: "fill" })
      .greyscale()
      .flatten()
      .raw()
      .toBuffer(),
  );
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

async function decode(
  file: string,
  kind: Kind,
  bytes: Uint8Array,
): Promise<Raster & { readonly orientation?: number }> {
  switch (kind) {
    case "JPEG":
      return coloursOfJpeg(bytes) === 4 ? decodeAs.cmyk(file, bytes) : decodeAs.rgb(file, bytes);
    case "PNG": {
      // Bit depth and colour type in the header.
      const isGrey16 = bytes[24] === 16 && bytes[25] === 0;
      return isGrey16 ? decodeAs.grey16(file, bytes) : decodeAs.rgb(file, bytes);
    }
    case "WebP":
      return decodeAs.rgb(file, bytes);
    case "GIF": {
      const frame = firstFrame(file, bytes);
      const { width, height } = frame.canvas;
      if (width * height > limitInputPixels) throw new ImageError(file, tooLarge);
      return onCanvas(frame, await decodeAs.rgb(file, frame.gif));
    }
    case "TIFF": {
      const { colours, orientation } = tiffForm(file, bytes);
      return { ...(await decodeAs[colours](file, bytes)), orientation };
    }
    default:
      return kind satisfies never;
  }
}

const decodeAs = {
  rgb: async (file: string, bytes: Uint8Array): Promise<Raster> =>
    raw(file, bytes, (image) => image.toColourspace("srgb").removeAlpha()),
  /** Inks as they are stored; libvips would convert them by a profile. */
  async cmyk(file: string, bytes: Uint8Array): Promise<Raster> {
    const inks = await raw(file, bytes, (image) =>
      image.pipelineColourspace("cmyk").toColourspace("cmyk").removeAlpha(),
    );
    return { ...inks, data: rgbOfInks(inks.data), channels: 3 };
  },
  /** Pillow cuts 16-bit greys off at 255; libvips would divide them. */
  async grey16(file: string, bytes: Uint8Array): Promise<Raster> {
    const greys = await raw(file, bytes, (image) =>
      image.toColourspace("grey16").removeAlpha().raw({ depth: "ushort" }),
    );
    const { data } = greys;
    const values = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    return { ...greys, data: Uint8Array.from(values, (value) => Math.min(value, 255)) };
  },
};

async function raw(file: string, bytes: Uint8Array, form: (image: Sharp) => Sharp): Promise<Raster> {
  const { data, info } = await explained(file, () =>
    form(sharp(bytes, { ignoreIcc: true, failOn: "error", limitInputPixels }).raw()).toBuffer({
      resolveWithObject: true,
    }),
  );
  return { data, width: info.width, height: info.height, channels: info.channels };
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

/** Of errors on the way to a file, only that it is not there is the picture's. */
async function present<Result>(file: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new ImageError(file, "it is missing");
    throw error;
  }
}

const tooLarge = "it has more pixels than a picture may have";

async function explained<Result>(file: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    const [first = ""] = (error as Error).message.split("\n");
    // No picture is to blame for these.
    if (/out of memory|cannot allocate|unable to malloc/i.test(first))
      throw Object.assign(new Error(`memory ran out at ${file}`), { code: "ENOMEM" });
    if (/exceeds pixel limit/i.test(first)) throw new ImageError(file, tooLarge);
    const reason = first.replaceAll(file, "").trim();
    throw new ImageError(
      file,
      /unknown error|^Input buffer|^$/i.test(reason)
        ? "it is damaged or cut short"
        : `it cannot be decoded (${reason})`,
    );
  }
}
