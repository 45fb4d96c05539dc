import { join } from "node:path";
import type { StepInput } from "../../../engine/step-type.ts";
import { readTable } from "./csv.ts";

/** Of a model: how its training went, an epoch a line; what is not known is empty. */
export const historyFile = "history.csv";

export const historyColumns = ["epoch", "loss", "accuracy", "validationLoss", "validationAccuracy"] as const;

/** An epoch of a training; means over its images. */
export interface EpochLine {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Absent where there were no validation images. */
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
}

/** The `history.csv` of a model; empty where it has none. */
export async function readHistory({ path, files }: Pick<StepInput, "path" | "files">): Promise<EpochLine[]> {
  if (!files.some((file) => file.path === historyFile)) return [];
  const lines: EpochLine[] = [];
  for await (const { values } of readTable(join(path, historyFile), historyColumns)) {
    const { epoch, loss, accuracy, validationLoss, validationAccuracy } = values;
    lines.push({
      epoch: Number(epoch),
      loss: six(loss),
      accuracy: six(accuracy),
      ...(validationLoss === "" ? {} : { validationLoss: six(validationLoss) }),
      ...(validationAccuracy === "" ? {} : { validationAccuracy: six(validationAccuracy) }),
    });
  }
  return lines;
}

/** A number by its first six digits. */
function six(text: string): number {
  return Number(Number(text).toPrecision(6));
}
