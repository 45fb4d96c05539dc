import { ImageError } from "./image-error.ts";
import { type FirstDirectory, firstDirectory } from "./tags.ts";

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
  const tags = tagsOf(file, bytes);
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

function tagsOf(file: string, bytes: Uint8Array): FirstDirectory["tags"] {
  const { tags, fault } = firstDirectory(bytes);
  if (fault === "big") throw new ImageError(file, "a BigTIFF is not read: save it as a TIFF");
  if (fault === "damaged") throw new ImageError(file, "it is damaged or cut short");
  return tags;
}
