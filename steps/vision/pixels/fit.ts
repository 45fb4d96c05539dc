import type { Fit } from "../preprocessing.ts";

/** Which part of a picture is resized, and where in the result it comes to lie. In pixels. */
export interface Placement {
  /** From left to right and from top to bottom, in the picture. */
  readonly box: {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  };
  /** In the result. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * - stretch: all of the picture over all of the result, whatever the proportions.
 * - crop: the largest part in the middle with the result's proportions, in whole
 *   pixels, as Keras' load_img(keep_aspect_ratio=True) cuts it (image_utils.py).
 * - pad: all of the picture, as large as it fits, in the middle of black, as
 *   PIL.ImageOps.pad has it; but one row or column is left where by the
 *   proportions there would be none.
 */
export function placementOf(
  fit: Fit,
  picture: { readonly width: number; readonly height: number },
  [height, width]: readonly [height: number, width: number],
): Placement {
  const whole = { left: 0, top: 0, right: picture.width, bottom: picture.height };
  const everywhere = { left: 0, top: 0, width, height };
  switch (fit) {
    case "stretch":
      return { box: whole, ...everywhere };
    case "crop": {
      const across = Math.min(picture.width, Math.floor((picture.height * width) / height));
      const down = Math.min(picture.height, Math.floor((picture.width * height) / width));
      const left = Math.floor((picture.width - across) / 2);
      const top = Math.floor((picture.height - down) / 2);
      return { box: { left, top, right: left + across, bottom: top + down }, ...everywhere };
    }
    case "pad": {
      // Quotients and their order as in ImageOps.contain: they decide how a half is rounded.
      const isWider = picture.width / picture.height > width / height;
      const isHigher = picture.width / picture.height < width / height;
      const across = isHigher ? roundHalfEven((picture.width / picture.height) * height) : width;
      const down = isWider ? roundHalfEven((picture.height / picture.width) * width) : height;
      const inside = { width: Math.max(1, across), height: Math.max(1, down) };
      return {
        box: whole,
        left: roundHalfEven((width - inside.width) * 0.5),
        top: roundHalfEven((height - inside.height) * 0.5),
        ...inside,
      };
    }
    default:
      return fit satisfies never;
  }
}

/** Python's round. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
