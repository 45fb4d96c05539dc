/**
 * How pixel values (0 to 255, RGB) are scaled before the first layer, as
 * keras.applications' preprocess_input names its modes, or (value − mean) / std.
 */
export type Scaling =
  | "caffe"
  | "tf"
  | "torch"
  | "none"
  | { readonly mean: number | readonly number[]; readonly std: number | readonly number[] };

/** Pillow's filters, by the names that Keras' `load_img` has for them. */
export const filters = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"] as const;
export type Filter = (typeof filters)[number];

/** What happens to a picture of other proportions: see `placementOf`. */
export const fits = ["stretch", "crop", "pad"] as const;
export type Fit = (typeof fits)[number];

/** How a picture becomes what a network takes. */
export interface Preprocessing extends Choices {
  /** Height and width in pixels. */
  readonly size: readonly [height: number, width: number];
  readonly scaling: Scaling;
}

/** What is at its default is left out, so that a description says the same as before there was a choice. */
interface Choices {
  readonly resize?: Filter;
  readonly fit?: Fit;
  /** Whether a picture is turned as its EXIF says. */
  readonly orient?: boolean;
  /** A picture of more is refused before it is decoded. */
  readonly maxPixels?: number;
}

/** Pillow refuses what is larger: twice its MAX_IMAGE_PIXELS (Image.py, _decompression_bomb_check). */
const MAX_PIXELS = 2 * Math.floor((1024 * 1024 * 1024) / 4 / 3);

/** All choices, the defaults where nothing is said. */
export function choicesIn({
  resize = "nearest",
  fit = "stretch",
  orient = false,
  maxPixels = MAX_PIXELS,
}: Choices): Required<Choices> {
  return { resize, fit, orient, maxPixels };
}

export const defaultChoices = choicesIn({});
