import type { InputToLookAt } from "../../engine/known-input.ts";
import { countIndex, type IndexCounts } from "../learning/tables/index-file.ts";
import { readManifest } from "../learning/tables/manifest.ts";
import { chooseMethod, type Size } from "./choose-method.ts";
import type { TrainParams } from "./declaration.ts";

/**
 * The parameters with the way to train that they lead to for these features.
 *
 * @throws StepError where the way that is asked for, or any, takes more than `memory`, or the input holds no features.
 */
export function resolved(
  params: TrainParams,
  { features }: { readonly features: InputToLookAt },
): TrainParams {
  const counts = features.recall("rows, their length, and classes", () => {
    const [rowLength] = readManifest(features.path).shape;
    return { ...countIndex(features.path), rowLength };
  });
  return { ...params, method: chooseMethod(params, sizeOf(params, counts)).method };
}

/** What the choice goes by. */
export function sizeOf(
  { hidden, batchSize }: Pick<TrainParams, "hidden" | "batchSize">,
  { training, validation, classes, rowLength }: IndexCounts & { readonly rowLength: number },
): Size {
  return { training, validation, layers: [rowLength, ...hidden, classes], batch: batchSize };
}
