import { availableParallelism } from "node:os";
import { concurrently } from "../../engine/concurrently.ts";
import { CacheError, type StepInput } from "../../engine/step-type.ts";
import type { EntryName } from "../../engine/store.ts";
import { locateRows, type RowPlaces } from "../learning/features/locate.ts";
import { rowName, writeIndex } from "../learning/tables/features.ts";
import { imageFile, readImages } from "../learning/tables/images.ts";
import { type FeaturesManifest, writeManifest } from "../learning/tables/manifest.ts";
import { DECODING } from "../vision/pixels/decoding.ts";
import { openPixelReader } from "../vision/pixels/reader.ts";
import { choicesIn } from "../vision/preprocessing.ts";
import { answerForBad, tooLargeAmong } from "./bad-images.ts";
import { computeRows } from "./compute-rows.ts";
import type { ExtractContext } from "./declaration.ts";
import { openExtraction } from "./open.ts";
import { isLacking, rowStoreName } from "./row-store.ts";
import { type ViewedImage, viewedImages } from "./views.ts";

/** Computes the rows that no store entry has, and writes `index.csv` and `features.json`. */
export async function run(ctx: ExtractContext): Promise<void> {
  const { params } = ctx;
  const { images } = ctx.inputs;
  const all = await readImages(images.path);
  const extraction = await openExtraction(ctx);
  const { extractor, layer, preprocessing, network, weights, blame } = extraction;
  const store = ctx.store(rowStoreName(ctx, extraction));
  const large = tooLargeAmong(all, choicesIn(preprocessing).maxPixels);
  const asked = viewedImages(all, params.augment);
  const wanted = asked.filter(({ digest }) => !large.has(digest));
  const there = await locateRows(store);
  const lacking = await rowsToCompute(images, wanted, there);
  const unread = await computeRows({
    ctx,
    store,
    extractor,
    blame,
    openReader: () => openPixelReader(preprocessing),
    images: lacking,
    place: images,
    present: wanted.length - lacking.length,
    total: wanted.length,
    preprocessing,
    batchSize: params.batchSize,
  });
  const bad = new Map([...large, ...unread.map(({ image, reason }) => [image.digest, reason] as const)]);
  const rows = asked.filter(({ digest }) => !bad.has(digest));
  ctx.metric({ images: asked.length, failed: asked.length - rows.length });
  await answerForBad(ctx, all, bad);
  const where = lacking.length === 0 ? there : await locateRows(store);
  const devices = new Set<string>();
  const entries = new Set<EntryName>();
  for (const row of rows) {
    const place = where.get(rowName(row));
    if (place === undefined)
      throw new CacheError(`the cache has lost the row of ${row.file}; run the same command again`);
    entries.add(place.entry);
    devices.add(place.device);
  }
  for (const entry of entries) store.lean(entry);
  ctx.metric({ devices: [...devices].sort() });
  const manifest: FeaturesManifest = {
    store: store.id,
    dtype: params.dtype,
    shape: [extractor.rowLength],
    network,
    layer,
    weights,
    pool: params.pool,
    preprocessing,
    runtime: params.runtime,
    precision: params.precision,
    decoding: DECODING,
  };
  await writeIndex(ctx.output("features"), rows);
  await writeManifest(ctx.output("features"), manifest);
}

async function rowsToCompute(
  images: StepInput,
  rows: readonly ViewedImage[],
  there: RowPlaces,
): Promise<readonly ViewedImage[]> {
  const unique = uniqueByName(rows);
  const isToCompute = new Array<boolean>(unique.length);
  await concurrently(unique, 4 * availableParallelism(), async (row, at) => {
    isToCompute[at] = await isLacking(there.get(rowName(row)), imageFile(images, row));
  });
  return unique.filter((_, at) => isToCompute[at]);
}

function uniqueByName(rows: readonly ViewedImage[]): ViewedImage[] {
  const unique = new Map<string, ViewedImage>();
  for (const row of rows) unique.set(rowName(row), row);
  return [...unique.values()];
}
