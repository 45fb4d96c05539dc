import type { ImageRow } from "../learning/tables/images.ts";
import type { View } from "../vision/pixels/view.ts";
import type { ExtractParams } from "./declaration.ts";

/** A row of features that is to be: an image in one of its views. */
export interface ViewedImage extends ImageRow {
  /** What the view is called in `index.csv`; absent where the image is seen as it is. */
  readonly view?: string;
  readonly seen?: View;
}

/**
 * Training images in all of their views, all others as they are. What a view
 * shows depends on the image's bytes, on the number of the crop and the seed, so
 * that no image changes what is seen of another.
 */
export function viewedImages(
  images: readonly ImageRow[],
  augment: ExtractParams["augment"],
): readonly ViewedImage[] {
  if (augment === undefined) return images;
  return images.flatMap((image) => (image.split === "train" ? [image, ...viewsOf(image, augment)] : [image]));
}

function viewsOf(
  image: ImageRow,
  { flip, crops, seed }: NonNullable<ExtractParams["augment"]>,
): readonly ViewedImage[] {
  const flipped = flip ? [{ ...image, view: "flip", seen: { kind: "flip" } as const }] : [];
  const cropped = Array.from({ length: crops }, (_, at) => ({
    ...image,
    // The seed that nobody chose is in no name.
    view: `crop-${at + 1}${seed === 0 ? "" : `-seed-${seed}`}`,
    seen: { kind: "crop", seed, word: `${image.digest} ${at + 1}` } as const,
  }));
  return [...flipped, ...cropped];
}
