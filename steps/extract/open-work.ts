import { concurrently } from "../../engine/concurrently.ts";
import { cores } from "../../engine/cores.ts";
import type { Store } from "../../engine/store.ts";
import { locateRows, type RowPlaces } from "../learning/features/locate.ts";
import { rowName } from "../learning/tables/features.ts";
import { type ImageRow, type ImagesPlace, imageFile, readImages } from "../learning/tables/images.ts";
import { openPixelReader } from "../vision/pixels/reader.ts";
import { choicesIn } from "../vision/preprocessing.ts";
import { tooLargeAmong } from "./bad-images.ts";
import { type ComputeOptions, openRowComputer, type RowComputer } from "./compute-rows.ts";
import type { ExtractContext, ExtractPart } from "./declaration.ts";
import { type Extraction, openExtraction } from "./open.ts";
import { isLacking, rowStoreName } from "./row-store.ts";
import { type ViewedImage, viewedImages } from "./views.ts";

/** An extraction, its pictures, and what is there of them. */
export interface ExtractionWork {
  readonly extraction: Extraction;
  readonly store: Store;
  readonly place: ImagesPlace;
  readonly all: readonly ImageRow[];
  /** In all their views. */
  readonly asked: readonly ViewedImage[];
  /** Those that are not too large. */
  readonly wanted: readonly ViewedImage[];
  /** Why the others are left out, by digest. */
  readonly large: ReadonlyMap<string, string>;
  /** Rows that the store had when it was opened. */
  readonly there: RowPlaces;
}

const opened = new WeakMap<ExtractPart, Promise<ExtractionWork>>();

/** Once for what is done with one context: who cuts items may go on with doing them. */
export function openWork(ctx: ExtractPart): Promise<ExtractionWork> {
  const known = opened.get(ctx) ?? open(ctx);
  opened.set(ctx, known);
  return known;
}

async function open(ctx: ExtractPart): Promise<ExtractionWork> {
  const { images } = ctx.inputs;
  const all = await readImages(images.path);
  const extraction = await openExtraction(ctx);
  const store = ctx.store(rowStoreName(ctx, extraction));
  const large = tooLargeAmong(all, choicesIn(extraction.preprocessing).maxPixels);
  const asked = viewedImages(all, ctx.params.augment);
  const wanted = asked.filter(({ digest }) => !large.has(digest));
  return { extraction, store, place: images, all, asked, wanted, large, there: await locateRows(store) };
}

/** Those whose rows are to be computed; of several of one name the last. */
export async function lackingAmong(
  { place, there }: Pick<ExtractionWork, "place" | "there">,
  images: readonly ViewedImage[],
): Promise<readonly ViewedImage[]> {
  const unique = [...new Map(images.map((image) => [rowName(image), image])).values()];
  const isToCompute = new Array<boolean>(unique.length);
  await concurrently(unique, 4 * cores(), async (row, at) => {
    isToCompute[at] = await isLacking(there.get(rowName(row)), imageFile(place, row));
  });
  return unique.filter((_, at) => isToCompute[at]);
}

/** @param how `most`: how many pictures there may be; `tell`: how many are done. */
export function computerOf(
  { extraction, store, place }: ExtractionWork,
  ctx: Pick<ExtractContext, "params" | "signal">,
  how: Pick<ComputeOptions, "most" | "tell">,
): RowComputer {
  const { extractor, preprocessing, blame } = extraction;
  return openRowComputer({
    ...{ ctx, store, extractor, blame, place, preprocessing, ...how },
    openReader: () => openPixelReader(preprocessing),
    batchSize: ctx.params.batchSize,
  });
}
