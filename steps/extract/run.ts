import { availableParallelism } from "node:os";
import { join } from "node:path";
import { concurrently } from "../../engine/concurrently.ts";
import type { Json } from "../../engine/json.ts";
import { CacheError, StepError } from "../../engine/step-type.ts";
import { requiredRuntime } from "../compute/runtimes/catalog.ts";
import { locateRows, type RowLocation } from "../learning/features/rows.ts";
import { type FeaturesManifest, writeIndex, writeManifest } from "../learning/tables/features.ts";
import { type ImageRow, imagePath, readImages } from "../learning/tables/images.ts";
import { type ExtractorOptions, planExtractor } from "../vision/extractor.ts";
import { namedNetworks } from "../vision/networks/named.ts";
import { openNetwork } from "../vision/networks/open.ts";
import { firstNotFiniteLayer } from "../vision/not-finite.ts";
import { DECODING, isDecodedAnew } from "../vision/pixels/decoding.ts";
import type { Scaling } from "../vision/preprocessing.ts";
import { chooseDevice } from "../vision/runtimes/device.ts";
import type { Device } from "../vision/runtimes/runtime.ts";
import { computeRows } from "./compute-rows.ts";
import type { ExtractContext } from "./declaration.ts";
import { requiredWeights } from "./required-weights.ts";

/** Raised where networks from files are computed in another way, and the one that flow knows by name is not. */
const TRANSLATION = 2;

/** Computes the rows that no store entry has, and writes `index.csv` and `features.json`. */
export async function run(ctx: ExtractContext): Promise<void> {
  const { params } = ctx;
  const { images } = ctx.inputs;
  const rows = await readImages(images.path);
  const named = params.network === undefined ? undefined : namedNetworks.get(params.network);
  const weights = identityOfWeights(ctx);
  if (weights.note !== undefined) ctx.note("features", weights.note);

  const network = await openNetwork({
    ...(params.network === undefined ? {} : { named: params.network }),
    ...(ctx.inputs.network === undefined ? {} : { path: ctx.inputs.network.path }),
    weights: weights.source,
  });
  const layer = params.layer ?? network.layer;
  const size = (params.input.size ?? named?.size ?? network.size) as readonly [number, number] | undefined;
  const scaling = (params.input.scaling ?? named?.scaling) as Scaling | undefined;
  if (size === undefined) {
    throw new StepError(
      "the network does not say how large its input is: add `input: { size: [height, width] }`",
    );
  }
  if (scaling === undefined) throw new Error("a network without scaling passed the check");
  const preprocessing = { size: [size[0], size[1]] as const, scaling };
  const identity = params.network ?? (ctx.inputs.network?.digest as string);

  const libraries =
    params.runtime === "onnxruntime" ? {} : { libraries: join(ctx.required(params.runtime), "lib") };
  const options: ExtractorOptions = {
    network,
    layer,
    pool: params.pool,
    ...preprocessing,
    runtime: params.runtime,
    precision: params.precision,
    ...libraries,
    device: await deviceOf(ctx, libraries),
    ...(params.threads === undefined ? {} : { threads: params.threads }),
  };
  const extractor = planExtractor(options);
  // Whatever can change a bit of a row is in the store's name.
  const store = ctx.store({
    network: identity,
    weights: weights.identity,
    layer,
    pool: params.pool,
    dtype: "float32",
    preprocessing: preprocessing as unknown as Json,
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
    blame: (pixels) => firstNotFiniteLayer(options, pixels),
    images: lacking.map((row) => {
      const name = imagePath(row);
      return { digest: row.digest, file: join(images.path, name), name };
    }),
    present: rows.length - lacking.length,
    total: rows.length,
    size,
    batchSize: params.batchSize,
  });
  const where = locateRows(await store.entries());
  const devices = new Set<string>();
  for (const row of rows) {
    const place = where.get(row.digest);
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
    network: identity,
    layer,
    weights: weights.identity,
    pool: params.pool,
    preprocessing,
    runtime: params.runtime,
    precision: params.precision,
    decoding: DECODING,
  };
  await writeIndex(ctx.output("features"), rows);
  await writeManifest(ctx.output("features"), manifest);
}

async function deviceOf(
  { params, home, log }: ExtractContext,
  libraries: Pick<ExtractorOptions, "libraries">,
): Promise<Device> {
  if (params.device !== "auto") return params.device;
  const { device, why } = await chooseDevice({ runtime: params.runtime, home, ...libraries });
  log(`device: ${device}, as ${why}`);
  return device;
}

/** Rows that are nowhere, or were computed when their pictures were read otherwise. */
async function rowsToCompute(
  folder: string,
  rows: readonly ImageRow[],
  there: ReadonlyMap<string, RowLocation>,
): Promise<readonly ImageRow[]> {
  const unique = uniqueByDigest(rows);
  const isLacking = new Array<boolean>(unique.length);
  await concurrently(unique, 4 * availableParallelism(), async (row, at) => {
    const place = there.get(row.digest);
    isLacking[at] =
      place === undefined ||
      (place.decoding < DECODING && (await isDecodedAnew(join(folder, imagePath(row)))));
  });
  return unique.filter((_, at) => isLacking[at]);
}

interface WeightsIdentity {
  readonly source: Parameters<typeof openNetwork>[0]["weights"];
  /** Names the values: a word, or a digest. */
  readonly identity: string;
  readonly note?: string;
}

function identityOfWeights(ctx: ExtractContext): WeightsIdentity {
  const { params } = ctx;
  const input = ctx.inputs.weights;
  if (input !== undefined) return { source: { kind: "h5", path: input.path }, identity: input.digest };
  if (params.network === undefined) return { source: { kind: "own" }, identity: "own" };
  if (params.weights === "seeded") {
    return {
      source: { kind: "seeded" },
      identity: "seeded",
      note: "the network's weights are seeded: random, not learned from ImageNet.",
    };
  }
  const required = requiredWeights(params, new Set(Object.keys(ctx.inputs)));
  if (required === undefined) throw new Error(`no weights are known for ${params.network}`);
  const path = ctx.required(required.name);
  return { source: { kind: "h5", path }, identity: `imagenet md5:${required.md5}` };
}

/** The same picture may be listed twice; it is computed once. */
function uniqueByDigest(rows: readonly ImageRow[]): ImageRow[] {
  return [...new Map(rows.map((row) => [row.digest, row])).values()];
}
