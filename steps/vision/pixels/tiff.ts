import { ImageError } from "./image-error.ts";

/** How a TIFF's values become RGB. */
export interface TiffForm {
  readonly colours: "rgb" | "cmyk" | "grey16";
  /** 1 to 8, as EXIF counts them: how the picture is to be turned. */
  readonly orientation: number;
}

/**
 * What the first picture of a TIFF is, from its own tags. Only forms are taken
 * that come out as in Pillow; the libraries differ in all others.
 *
 * @throws ImageError naming what is not read.
 */
export function tiffForm(file: string, bytes: Uint8Array): TiffForm {
  const tags = firstTags(file, bytes);
  const bits = tags.get(258) ?? [1];
  const [photometric = 0] = tags.get(262) ?? [];
  const [compression = 1] = tags.get(259) ?? [];
  const [orientation = 1] = tags.get(274) ?? [];
  const formats = new Set(tags.get(339) ?? [1]);
  const refuse = (what: string): never => {
    throw new ImageError(file, `${what} is not read: save it as a TIFF or PNG of 8 bits, RGB or grey`);
  };
  if (formats.size > 1 || !formats.has(1)) refuse("a TIFF with signed or floating-point values");
  if (tags.get(338)?.includes(1)) refuse("a TIFF whose colours are multiplied with its transparency");
  const depth = Math.max(...bits);
  const ofDepth = `a TIFF with ${depth} bits for each value`;
  switch (photometric) {
    case 0:
    case 1:
      if (depth <= 8) return { colours: "rgb", orientation };
      if (depth === 16 && bits.length === 1 && photometric === 1) return { colours: "grey16", orientation };
      return refuse(photometric === 0 ? `${ofDepth}, where 0 is white,` : ofDepth);
    case 2:
      return depth === 8 || depth === 16 ? { colours: "rgb", orientation } : refuse(ofDepth);
    case 3:
      return depth <= 8 ? { colours: "rgb", orientation } : refuse(ofDepth);
    case 5:
      return depth === 8 && bits.length === 4
        ? { colours: "cmyk", orientation }
        : refuse("this form of CMYK");
    case 6:
      return compression === 7
        ? { colours: "rgb", orientation }
        : refuse("a TIFF in YCbCr without JPEG inside");
    default:
      return refuse(`a TIFF with colours of kind ${photometric}${photometric === 8 ? " (Lab)" : ""}`);
  }
}

type Tags = ReadonlyMap<number, readonly number[]>;

/** The whole-number tags of the first directory (TIFF 6.0, section 2): bytes, shorts and longs. */
function firstTags(file: string, bytes: Uint8Array): Tags {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = bytes[0] === 0x49;
  const tags = new Map<number, readonly number[]>();
  try {
    if (view.getUint16(2, little) !== 42)
      throw new ImageError(file, "a BigTIFF is not read: save it as a TIFF");
    const directory = view.getUint32(4, little);
    const count = view.getUint16(directory, little);
    for (let entry = 0; entry < count; entry++) {
      const at = directory + 2 + 12 * entry;
      const size = sizes.get(view.getUint16(at + 2, little));
      // A colour map has many values; the tags that are looked at have few.
      const length = Math.min(view.getUint32(at + 4, little), 16);
      if (size === undefined) continue;
      const from = view.getUint32(at + 4, little) * size <= 4 ? at + 8 : view.getUint32(at + 8, little);
      const value = (index: number): number => {
        const place = from + index * size;
        if (size === 1) return view.getUint8(place);
        return size === 2 ? view.getUint16(place, little) : view.getUint32(place, little);
      };
      tags.set(
        view.getUint16(at, little),
        Array.from({ length }, (_, index) => value(index)),
      );
    }
  } catch (error) {
    if (error instanceof RangeError) throw new ImageError(file, "it is damaged or cut short");
    throw error;
  }
  return tags;
}

/** Bytes of a value by the number of its type. */
const sizes: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [3, 2],
  [4, 4],
]);
