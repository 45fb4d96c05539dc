import { join } from "node:path";
import type { StepInput } from "../../engine/step-type.ts";
import { readTable } from "../learning/tables/csv.ts";

/** An epoch of a training; means over its images. */
export interface EpochLine {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Absent where there were no validation images. */
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
}

const columns = ["epoch", "loss", "accuracy", "validationLoss", "validationAccuracy"] as const;

/** The `history.csv` of a model; empty where it has none. */
export async function readHistory({ path, files }: Pick<StepInput, "path" | "files">): Promise<EpochLine[]> {
  if (!files.some((file) => file.path === "history.csv")) return [];
  const lines: EpochLine[] = [];
  for await (const { values } of readTable(join(path, "history.csv"), columns)) {
    const { epoch, loss, accuracy, validationLoss, validationAccuracy } = values;
    lines.push({
      epoch: Number(epoch),
      loss: Number(Number(loss).toPrecision(6)),
      accuracy: Number(Number(accuracy).toPrecision(6)),
      ...(validationLoss === "" ? {} : { validationLoss: Number(Number(validationLoss).toPrecision(6)) }),
      ...(validationAccuracy === ""
        ? {}
        : { validationAccuracy: Number(Number(validationAccuracy).toPrecision(6)) }),
    });
  }
  return lines;
}
