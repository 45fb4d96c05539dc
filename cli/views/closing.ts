import { printableLine } from "../../engine/printable.ts";
import type { RunRecord } from "../../engine/record/run-record.ts";
import type { Transferred } from "../../engine/remote/remote.ts";
import type { Paint } from "./paint.ts";
import { bytesText, countText, durationText } from "./words.ts";

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
  /** What a remote gave and got, where one is used. */
  readonly transferred?: (Transferred & { readonly name: string }) | undefined;
}

/** The last lines of a run: how it went, where its record is, and what to do next. */
export function closingText({
  record,
  folder,
  pages,
  again,
  trial,
  paint,
  transferred,
}: ClosingOptions): string {
  const counts = new Map<string, number>();
  for (const { outcome } of Object.values(record.steps)) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const steps = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
  const line = `${record.pipeline} ${outcomeText(record.outcome, paint)} in ${durationText(record.seconds)}: ${steps}`;
  const isTrained = record.outcome === "ok" && pages.length > 0;
  const next = record.outcome === "ok" ? [] : [`What was finished is kept. To go on: ${again}`];
  if (isTrained) next.push(paint.dim(`try it: ${trial}`));
  const kept = folder === undefined ? "no record: the project folder cannot be written" : `record: ${folder}`;
  const shown = pages.map((page) => `report: ${page}`);
  const remote = transferred === undefined ? [] : transferredText(transferred).map(paint.dim);
  return [line, ...shown, paint.dim(kept), ...remote, ...next, ""].join("\n");
}

/** Nothing where nothing went either way. */
export function transferredText(all: Transferred & { readonly name: string }): readonly string[] {
  const { name, fetched, fetchedBytes, pushed, pushedBytes } = all;
  const ways = [
    ...(fetched === 0 ? [] : [`${countText(fetched, "result")} fetched (${bytesText(fetchedBytes)})`]),
    ...(pushed === 0 ? [] : [`${countText(pushed, "result")} sent (${bytesText(pushedBytes)})`]),
  ];
  return ways.length === 0 ? [] : [`remote: ${ways.join(", ")}: ${printableLine(name)}`];
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
