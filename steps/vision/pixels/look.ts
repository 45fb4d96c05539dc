import { ImageError } from "./image-error.ts";
import { readGreys } from "./pixels.ts";

/** Rows and columns of the greys that are compared. */
const SIDE = 9;
/** A picture without contrast looks like any other. */
const CONTRAST = 12;

/**
 * What a picture looks like: whether each of 8 × 8 greys is lighter than its
 * right neighbour, then than that below it (the "difference hash" of N. Krawetz,
 * 2013, in both directions). Copies in another size, format or quality differ in
 * a few of the 128 bits, other pictures in about half.
 *
 * @returns 16 bytes; `undefined` where the picture cannot be read, or is one plain colour.
 */
export async function lookOf(file: string): Promise<Uint8Array | undefined> {
  const greys = await readGreys(file, SIDE).catch((error: unknown) => {
    if (error instanceof ImageError) return undefined;
    throw error;
  });
  if (greys === undefined || Math.max(...greys) - Math.min(...greys) < CONTRAST) return undefined;
  const bits = new Uint8Array(16);
  let bit = 0;
  for (const step of [1, SIDE]) {
    for (let y = 0; y < SIDE - 1; y++) {
      for (let x = 0; x < SIDE - 1; x++) {
        const at = y * SIDE + x;
        if ((greys[at] as number) > (greys[at + step] as number)) {
          bits[bit >> 3] = (bits[bit >> 3] as number) | (128 >> (bit & 7));
        }
        bit++;
      }
    }
  }
  return bits;
}
