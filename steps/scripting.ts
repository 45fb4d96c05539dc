/**
 * What scripts outside the engine rely on: benchmarks, golden files, comparisons
 * with other programs. They import this file and nothing else; its names and
 * signatures stay.
 */

import { readPixels as read } from "./vision/pixels/pixels.ts";

export { classificationText, classify } from "./report/classification.ts";
export { openExtractor } from "./vision/extractor.ts";
export { openNetwork } from "./vision/networks/open.ts";
export { imageSize } from "./vision/pixels/pixels.ts";

/** @param how what an extraction says under `input`, or the size alone, which stands for Keras' defaults. */
export async function readPixels(
  file: string,
  how: Parameters<typeof read>[1] | Parameters<typeof read>[1]["size"],
  into: Uint8Array,
): Promise<void> {
  await read(file, "size" in how ? how : { size: how }, into);
}
