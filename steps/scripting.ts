/**
 * What scripts outside the engine rely on: benchmarks, golden files, comparisons
 * with other programs. They import this file and nothing else; its names and
 * signatures stay.
 */

export { classificationText, classify } from "./report/classification.ts";
export { openExtractor } from "./vision/extractor.ts";
export { openNetwork } from "./vision/networks/open.ts";
export { imageSize, readPixels } from "./vision/pixels/pixels.ts";
