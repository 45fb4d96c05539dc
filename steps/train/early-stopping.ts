import type { TrainParams } from "./declaration.ts";
import type { EpochRecord } from "./history.ts";

export type EarlyStopping = NonNullable<TrainParams["earlyStopping"]>;

export interface Standing {
  /** The last epoch that was better than all before it by more than `minDelta`; 0 before the first. */
  readonly best: number;
  /** The epoch after which training ends for want of a better one. */
  readonly end?: number;
}

/** Where a training stands that has come so far: `patience` epochs in a row without a better one end it. */
export function standingAfter(
  history: readonly EpochRecord[],
  { metric, patience, minDelta }: EarlyStopping,
): Standing {
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (const record of history) {
    const value = record[metric];
    if (value === null) throw new Error(`an epoch has no ${metric}`);
    const good = metric === "loss" || metric === "validationLoss" ? -value : value;
    if (good - minDelta > highest) {
      best = record.epoch;
      highest = good;
    } else if (record.epoch - best >= patience) return { best, end: record.epoch };
  }
  return { best };
}
