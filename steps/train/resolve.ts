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
  return { ...params, method: chooseMethod(params, sizeOf(params, countsOf(features))).method };
}

type Counts = IndexCounts & { readonly rowLength: number };

/** How many rows there are, remembered by the features. */
export function countsOf(features: InputToLookAt): Counts {
  return features.recall("rows, their length, and classes", () => {
    const [rowLength] = readManifest(features.path).shape;
    return { ...countIndex(features.path), rowLength };
  });
}

/** What the choice goes by. */
export function sizeOf(
  { hidden, batchSize }: Pick<TrainParams, "hidden" | "batchSize">,
  { training, validation, classes, rowLength }: Counts,
): Size {
  return { training, validation, layers: [rowLength, ...hidden, classes], batch: batchSize };
}
