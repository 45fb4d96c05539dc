import type { RunRecord } from "../../engine/record/run-record.ts";
import type { Paint } from "./paint.ts";
import { durationText } from "./words.ts";

export interface ClosingOptions {
  readonly record: RunRecord;
  /** Path of the run's folder, as people would type it; `undefined` where none could be made. */
  readonly folder: string | undefined;
  /** Paths of the pages that were made, likewise. */
  readonly pages: readonly string[];
  /** The command that continues. */
  readonly again: string;
  /** The command that tries a model. */
  readonly trial: string;
  readonly paint: Paint;
}

/** The last lines of a run: how it went, where its record is, and what to do next. */
export function closingText({ record, folder, pages, again, trial, paint }: ClosingOptions): string {
  const counts = new Map<string, number>();
  for (const { outcome } of Object.values(record.steps)) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const steps = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
  const line = `${record.pipeline} ${outcomeText(record.outcome, paint)} in ${durationText(record.seconds)}: ${steps}`;
  const isTrained = record.outcome === "ok" && pages.length > 0;
  const next = record.outcome === "ok" ? [] : [`What was finished is kept. To go on: ${again}`];
  if (isTrained) next.push(paint.dim(`try it: ${trial}`));
  const kept = folder === undefined ? "no record: the project folder cannot be written" : `record: ${folder}`;
  const shown = pages.map((page) => `report: ${page}`);
  return [line, ...shown, paint.dim(kept), ...next, ""].join("\n");
}

function outcomeText(outcome: RunRecord["outcome"], paint: Paint): string {
  switch (outcome) {
    case "ok":
      return paint.green("ok");
    case "failed":
      return paint.red("failed");
    case "interrupted":
    case "running":
      return paint.yellow(outcome);
    default:
      return outcome satisfies never;
  }
}
