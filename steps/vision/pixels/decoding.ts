import { open } from "node:fs/promises";
import { coloursOfJpeg } from "./jpeg.ts";
import { contentOf } from "./kinds.ts";

/**
 * Raised when the pixels of some pictures change, with `isDecodedAnew` saying of
 * which: their rows are computed once more, those of all others stay.
 */
export const DECODING = 2;

/**
 * Whether a picture's pixels have changed since the first decoding: GIFs and
 * TIFFs (transparency, orientation), JPEGs of four inks, PNGs of 16-bit grey.
 */
export async function isDecodedAnew(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    for (let length = 16 * 1024; ; length *= 8) {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, 0);
      const bytes = buffer.subarray(0, bytesRead);
      const kind = contentOf(bytes);
      if (kind === "GIF" || kind === "TIFF") return true;
      if (kind === "PNG") return bytes[24] === 16 && bytes[25] === 0;
      if (kind !== "JPEG") return false;
      const colours = coloursOfJpeg(bytes);
      if (colours !== undefined) return colours === 4;
      // The frame header comes after profiles and thumbnails.
      if (bytesRead < length) return false;
    }
  } finally {
    await handle.close();
  }
}
