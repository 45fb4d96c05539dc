import type { Json, JsonObject } from "../../engine/json.ts";
import { requiredRuntime } from "../compute/runtimes/catalog.ts";
import type { RowPlace } from "../learning/features/locate.ts";
import { DECODING, isDecodedAnew } from "../vision/pixels/decoding.ts";
import type { Extraction, ExtractionContext } from "./open.ts";

/** Raised where networks from files are computed in another way, and the one that flow knows by name is not. */
const TRANSLATION = 2;

/** The name of the store that holds an extraction's rows: whatever can change a bit of one is in it. */
export function rowStoreName(
  { params, inputs }: Pick<ExtractionContext, "params" | "inputs">,
  { network, weights, layer, preprocessing }: Extraction,
): JsonObject {
  // The limit decides whether there is a row, not what is in it.
  const { maxPixels: _, ...pixels } = preprocessing;
  return {
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
    ...(inputs.network === undefined ? {} : { translation: TRANSLATION }),
  };
}

/**
 * Whether a picture's row is nowhere, or was computed when the picture was read otherwise.
 *
 * @param file absent where it is in none: then an old row counts as lacking.
 */
export async function isLacking(place: RowPlace | undefined, file: string | undefined): Promise<boolean> {
  if (place === undefined) return true;
  return place.decoding < DECODING && (file === undefined || (await isDecodedAnew(file)));
}
