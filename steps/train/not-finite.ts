import { StepError } from "../../engine/step-type.ts";
import { firstNotFiniteRow, notFiniteRow } from "../learning/features/not-finite.ts";
import type { Features } from "../learning/features/rows.ts";
import type { FeatureRow } from "../learning/tables/features.ts";
import { imagePath } from "../learning/tables/images.ts";

/** Where training came to numbers that are not finite. */
export interface Trouble {
  /** "the loss" */
  readonly what: string;
  /** "in epoch 2, step 31" */
  readonly place: string;
  readonly rate: number;
  /** Positions of the batch in hand. */
  readonly batch?: Int32Array;
}

/** Pictures of a batch that are named. */
const NAMED = 3;

/** What is to be said of it. Rows that were not finite to begin with are no matter of the learning rate. */
export async function notFinite(features: Features, trouble: Trouble): Promise<StepError> {
  const picture = await firstNotFiniteRow(features, [...features.index.keys()]);
  if (picture !== undefined) return notFiniteRow(picture);
  const { what, place, rate, batch } = trouble;
  const named = batch === undefined ? "" : `; the batch is ${picturesOf(features, batch)}`;
  return new StepError(
    `${what} is not a finite number any more ${place} (learning rate ${rate}${named}): try a smaller optimizer.learningRate`,
  );
}

function picturesOf({ index }: Features, batch: Int32Array): string {
  const paths = [...batch.subarray(0, NAMED)].map((at) => imagePath(index[at] as FeatureRow));
  const more = batch.length - paths.length;
  return more > 0 ? `${paths.join(", ")} and ${more} more` : paths.join(", ");
}
