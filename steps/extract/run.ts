import { availableParallelism } from "node:os";
import { concurrently } from "../../engine/concurrently.ts";
import type { Json } from "../../engine/json.ts";
import { CacheError, type StepInput } from "../../engine/step-type.ts";
import type { EntryName } from "../../engine/store.ts";
import { requiredRuntime } from "../compute/runtimes/catalog.ts";
import { locateRows, type RowPlaces } from "../learning/features/locate.ts";
import { rowName, writeIndex } from "../learning/tables/features.ts";
import { imageFile, readImages } from "../learning/tables/images.ts";
import { type FeaturesManifest, writeManifest } from "../learning/tables/manifest.ts";
import { DECODING, isDecodedAnew } from "../vision/pixels/decoding.ts";
import { openPixelReader } from "../vision/pixels/reader.ts";
import { choicesIn } from "../vision/preprocessing.ts";
import { answerForBad, tooLargeAmong } from "./bad-images.ts";
import { computeRows } from "./compute-rows.ts";
import type { ExtractContext } from "./declaration.ts";
import { openExtraction } from "./open.ts";
import { type ViewedImage, viewedImages } from "./views.ts";

/** Raised where networks from files are computed in another way, and the one that flow knows by name is not. */
const TRANSLATION = 2;

/** Computes the rows that no store entry has, and writes `index.csv` and `features.json`. */
export async function run(ctx: ExtractContext): Promise<void> {
  const { params } = ctx;
  const { images } = ctx.inputs;
  const all = await readImages(images.path);
  const { extractor, layer, preprocessing, network, weights, blame } = await openExtraction(ctx);
  // The limit decides whether there is a row, not what is in it.
  const { maxPixels: _, ...pixels } = preprocessing;
  // Whatever can change a bit of a row is in the store's name.
  const store = ctx.store({
    network,
    weights,
    layer,
    pool: params.pool,
    dtype: params.dtype,
    preprocessing: pixels as unknown as Json,
    runtime: params.runtime,
    // What is new and at its default is in no name: rows of before count.
    ...(params.runtime === "onnxruntime" ? {} : { runtimeVersion: requiredRuntime(params.runtime).version }),
    ...(params.precision === "float32" ? {} : { precision: params.precision }),
    ...(ctx.inputs.network === undefined ? {} : { translation: TRANSLATION }),
  });
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

/** Rows that are nowhere, or were computed when their pictures were read otherwise. */
async function rowsToCompute(
  images: StepInput,
  rows: readonly ViewedImage[],
  there: RowPlaces,
): Promise<readonly ViewedImage[]> {
  const unique = uniqueByName(rows);
  const isLacking = new Array<boolean>(unique.length);
  await concurrently(unique, 4 * availableParallelism(), async (row, at) => {
    const place = there.get(rowName(row));
    isLacking[at] =
      place === undefined || (place.decoding < DECODING && (await isDecodedAnew(imageFile(images, row))));
  });
  return unique.filter((_, at) => isLacking[at]);
}

function uniqueByName(rows: readonly ViewedImage[]): ViewedImage[] {
  const unique = new Map<string, ViewedImage>();
  for (const row of rows) unique.set(rowName(row), row);
  return [...unique.values()];
}
