import { open } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { concurrently } from "../../../engine/concurrently.ts";
import { coloursOfJpeg } from "./jpeg.ts";
import { contentOf } from "./kinds.ts";

/**
 * Raised when pixels of some pictures change, with `isDecodedAnew` saying of
 * which: what is computed from these is kept apart from what was computed before.
 */
export const DECODING = 2;

/** Whether one of some pictures is decoded otherwise than before `DECODING` was raised. */
export async function areDecodedAnew(files: readonly string[]): Promise<boolean> {
  let found = false;
  await concurrently(files, 4 * availableParallelism(), async (file) => {
    if (!found && (await isDecodedAnew(file))) found = true;
  });
  return found;
}

/** GIFs and TIFFs (transparency, orientation), JPEGs of four inks, PNGs of 16-bit grey. */
async function isDecodedAnew(file: string): Promise<boolean> {
  // What is missing is named where it is read.
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) return false;
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
