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
