import { randomStream } from "../../compute/random.ts";
import { partOf, type TurnedRaster } from "./raster.ts";

/** A picture seen otherwise than as it is, so that a network meets more than what was photographed. Plain data. */
export type View =
  /** Mirrored, left and right. */
  | { readonly kind: "flip" }
  /** A part of it, drawn by seed and word. */
  | { readonly kind: "crop"; readonly seed: number; readonly word: string };

/** The part of a picture that a view shows, before it is resized. */
export function seenPart(picture: TurnedRaster, view: View | undefined): TurnedRaster {
  return view?.kind === "crop" ? partOf(picture, boxOf(picture, view)) : picture;
}

/** Mirrors pixels (uint8, height × width × 3) in place. */
export function mirror(pixels: Uint8Array, width: number): void {
  for (let row = 0; row < pixels.length; row += width * 3) {
    for (let left = row, right = row + (width - 1) * 3; left < right; left += 3, right -= 3) {
      for (let channel = 0; channel < 3; channel++) {
        const held = pixels[left + channel] as number;
        pixels[left + channel] = pixels[right + channel] as number;
        pixels[right + channel] = held;
      }
    }
  }
}

/** Of the picture's area. */
const SMALLEST = 0.6;
/** Width by height, or height by width. */
const NARROWEST = 3 / 4;

/**
 * torchvision's RandomResizedCrop (transforms.py, get_params): a share of the
 * area and proportions are drawn until they fit, ten times; then the largest
 * part in the middle is taken that is within the proportions. These are drawn
 * evenly, not evenly in their logarithm, whose last bit is the machine's.
 */
function boxOf(
  { width, height }: { readonly width: number; readonly height: number },
  { seed, word }: Extract<View, { kind: "crop" }>,
): { left: number; top: number; width: number; height: number } {
  const random = randomStream(seed, word);
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * (SMALLEST + (1 - SMALLEST) * random.uniform());
    const narrow = NARROWEST + (1 - NARROWEST) * random.uniform();
    const ratio = random.below(2) === 0 ? narrow : 1 / narrow;
    const across = Math.round(Math.sqrt(area * ratio));
    const down = Math.round(Math.sqrt(area / ratio));
    if (across < 1 || down < 1 || across > width || down > height) continue;
    const top = random.below(height - down + 1);
    return { left: random.below(width - across + 1), top, width: across, height: down };
  }
  const across = Math.max(1, Math.min(width, Math.round(height / NARROWEST)));
  const down = Math.max(1, Math.min(height, Math.round(width / NARROWEST)));
  return {
    left: Math.floor((width - across) / 2),
    top: Math.floor((height - down) / 2),
    width: across,
    height: down,
  };
}
