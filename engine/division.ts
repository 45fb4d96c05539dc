import type { Json, JsonObject } from "./json.ts";

/** A part of a step's work. Plain data: it crosses processes. */
export interface WorkItem {
  /** By which it is known among those of its step. */
  readonly name: string;
  /** How much of the work it is, in the unit of the step's progress. */
  readonly cost: number;
  /** What the step type needs to know of it. */
  readonly about: JsonObject;
}

/** What was done in items before `run`, by this execution alone. */
export interface Worked {
  readonly items: number;
  /** From the first item to the last. */
  readonly seconds: number;
  /** What each worker told by `metric`. */
  readonly metrics: readonly Readonly<Record<string, Json>>[];
}

export const nothingWorked: Worked = { items: 0, seconds: 0, metrics: [] };

/** One that nobody else does. */
export interface ClaimedItem extends WorkItem {
  /** Says that what it came to is in a store. */
  done(): void;
}

/** With its position in the division. */
export type PlacedItem = readonly [at: number, item: WorkItem];

/** A piece of work that is to be done: how much it is, and the position behind it in the order of all. */
export interface ToDo {
  readonly to: number;
  readonly cost: number;
}

/**
 * Cuts work into runs of positions that cost no less than so much, where there is so much.
 *
 * @param what the positions are of: "images".
 */
export function itemsOf(what: string, toDo: readonly ToDo[], least: number): readonly WorkItem[] {
  const items: WorkItem[] = [];
  let left = toDo.reduce((sum, one) => sum + one.cost, 0);
  let [from, cost] = [0, 0];
  for (const { to, cost: more } of toDo) {
    cost += more;
    left -= more;
    if (left > 0 && (cost < least || left < least)) continue;
    items.push({ name: `${what} ${from}-${to}`, cost, about: { from, to } });
    [from, cost] = [to, 0];
  }
  return items;
}

/** Of an item that `itemsOf` cut. */
export function rangeOf({ about }: Pick<WorkItem, "about">): { readonly from: number; readonly to: number } {
  return about as { readonly from: number; readonly to: number };
}

/** By what items are put together for a job on a cluster. */
export interface Pace {
  /** How many jobs run at a time. */
  readonly atOnce: number;
  /** How fast earlier executions were, in the unit of the cost. */
  readonly perSecond?: number;
}

/** As long as a job had better take: much longer than it takes to begin, and no great loss. */
const JOB_SECONDS = 60;
/** Slurm's MaxArraySize is 1,001 unless it was changed. */
const MOST_JOBS = 1000;
/** How often each place had better be filled at least: jobs are not equally long. */
const ROUNDS = 4;

/** How many items a job does: a minute's worth, or all where that is less; where nobody knows, what leaves each place some rounds. */
export function itemsTogether(items: readonly WorkItem[], { atOnce, perSecond }: Pace): number {
  const least = Math.ceil(items.length / MOST_JOBS);
  const cost = items.reduce((sum, item) => sum + item.cost, 0) / Math.max(1, items.length);
  const isKnown = perSecond !== undefined && cost > 0;
  const wanted = isKnown
    ? Math.min(Math.floor((JOB_SECONDS * perSecond) / cost), Math.ceil(items.length / atOnce))
    : Math.floor(items.length / (ROUNDS * atOnce));
  return Math.max(1, least, wanted);
}
