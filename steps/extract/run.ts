import { availableParallelism } from "node:os";
import { join } from "node:path";
import { concurrently } from "../../engine/concurrently.ts";
import type { Json } from "../../engine/json.ts";
import { CacheError } from "../../engine/step-type.ts";
import { requiredRuntime } from "../compute/runtimes/catalog.ts";
import { locateRows, type RowLocation } from "../learning/features/rows.ts";
import { type FeaturesManifest, rowName, writeIndex, writeManifest } from "../learning/tables/features.ts";
import { imagePath, readImages } from "../learning/tables/images.ts";
import { DECODING, isDecodedAnew } from "../vision/pixels/decoding.ts";
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
  const rows = viewedImages(await readImages(images.path), params.augment);
  const { extractor, layer, preprocessing, network, weights, blame } = await openExtraction(ctx);
  // The limit decides whether there is a row, not what is in it.
  const { maxPixels: _, ...pixels } = preprocessing;
  // Whatever can change a bit of a row is in the store's name.
  const store = ctx.store({
    network,
    weights,
    layer,
    pool: params.pool,
    dtype: "float32",
    preprocessing: pixels as unknown as Json,
    runtime: params.runtime,
    // What is new and at its default is in no name: rows of before count.
    ...(params.runtime === "onnxruntime" ? {} : { runtimeVersion: requiredRuntime(params.runtime).version }),
    ...(params.precision === "float32" ? {} : { precision: params.precision }),
    ...(ctx.inputs.network === undefined ? {} : { translation: TRANSLATION }),
  });
  const lacking = await rowsToCompute(images.path, rows, locateRows(await store.entries()));
  await computeRows({
    ctx,
    store,
    extractor,
    blame,
    images: lacking.map((row) => {
      const name = imagePath(row);
      const { view, seen } = row;
      const viewed = view === undefined || seen === undefined ? {} : { view, seen };
      return { digest: row.digest, file: join(images.path, name), name, ...viewed };
    }),
    present: rows.length - lacking.length,
    total: rows.length,
    preprocessing,
    batchSize: params.batchSize,
  });
  const where = locateRows(await store.entries());
  const devices = new Set<string>();
  for (const row of rows) {
    const place = where.get(rowName(row));
    if (place === undefined)
      throw new CacheError(`the cache has lost the row of ${row.file}; run the same command again`);
    store.lean(place.entry);
    devices.add(place.device);
  }
  ctx.metric({ devices: [...devices].sort() });
  const manifest: FeaturesManifest = {
    store: store.id,
    dtype: "float32",
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
  folder: string,
  rows: readonly ViewedImage[],
  there: ReadonlyMap<string, RowLocation>,
): Promise<readonly ViewedImage[]> {
  const unique = uniqueByName(rows);
  const isLacking = new Array<boolean>(unique.length);
  await concurrently(unique, 4 * availableParallelism(), async (row, at) => {
    const place = there.get(rowName(row));
    isLacking[at] =
      place === undefined ||
      (place.decoding < DECODING && (await isDecodedAnew(join(folder, imagePath(row)))));
  });
  return unique.filter((_, at) => isLacking[at]);
}

function uniqueByName(rows: readonly ViewedImage[]): ViewedImage[] {
  return [...new Map(rows.map((row) => [rowName(row), row])).values()];
}
