import type { KnownInput } from "../../engine/step-type.ts";
import { countIndex, type IndexCounts } from "../learning/tables/index-file.ts";
import { readManifest } from "../learning/tables/manifest.ts";
import { chooseMethod, type Size } from "./choose-method.ts";
import type { TrainParams } from "./declaration.ts";

/**
 * The parameters with the way to train that they lead to for these features.
 *
 * @throws StepError where the way that is asked for, or any, takes more than `memory`, or the input holds no features.
 */
export function resolved(params: TrainParams, { features }: { readonly features: KnownInput }): TrainParams {
  const [rowLength] = readManifest(features.path).shape;
  const size = sizeOf(params, { ...countIndex(features.path), rowLength });
  return { ...params, method: chooseMethod(params, size).method };
}

/** What the choice goes by. */
export function sizeOf(
  { hidden, batchSize }: Pick<TrainParams, "hidden" | "batchSize">,
  { training, validation, classes, rowLength }: IndexCounts & { readonly rowLength: number },
): Size {
  return { training, validation, layers: [rowLength, ...hidden, classes], batch: batchSize };
}
