import { join } from "node:path";
import { tally } from "./tally.ts";

/** Of a `features` artifact: which image has which class; see `features.ts`. */
export const indexFile = "index.csv";

/** What an index comes to. */
export interface IndexCounts {
  readonly training: number;
  readonly validation: number;
  readonly classes: number;
}

/**
 * Counts rows and classes.
 *
 * @throws StepError where the index is missing or has not its columns.
 */
export function countIndex(folder: string): IndexCounts {
  const [splits, labels] = tally(join(folder, indexFile), ["split", "label"]);
  return {
    training: splits?.get("train") ?? 0,
    validation: splits?.get("validation") ?? 0,
    classes: labels?.size ?? 0,
  };
}
