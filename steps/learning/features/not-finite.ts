import { StepError } from "../../../engine/step-type.ts";
import { firstNotFinite } from "../../vision/finite.ts";
import type { FeatureRow } from "../tables/features.ts";
import { imagePath } from "../tables/images.ts";
import type { Features } from "./rows.ts";

/** How many rows are read at a time. */
const BATCH = 64;

/**
 * The first picture among those at `positions` whose row holds NaN or infinity:
 * what a network gave before such rows were refused. Reads all of them, so it is
 * asked only when something came out wrong.
 */
export async function firstNotFiniteRow(
  features: Features,
  positions: ArrayLike<number>,
): Promise<string | undefined> {
  const all = Array.from(positions);
  const rows = new Float32Array(Math.min(BATCH, all.length) * features.rowLength);
  for (let at = 0; at < all.length; at += BATCH) {
    const batch = all.slice(at, at + BATCH);
    await features.read(batch, rows);
    const bad = firstNotFinite(rows.subarray(0, batch.length * features.rowLength));
    if (bad === undefined) continue;
    const position = batch[Math.floor(bad / features.rowLength)] as number;
    return imagePath(features.index[position] as FeatureRow);
  }
  return undefined;
}

/** What is to be done about such a row. */
export function notFiniteRow(picture: string): StepError {
  return new StepError(
    `the features of ${picture} are not finite numbers: look at the network and how its pixels are scaled`,
  );
}
