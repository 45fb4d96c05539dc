import type { StartOptions, Task, TaskEnd } from "../task.ts";
import type { Manifest } from "./batch-files.ts";

/** Tasks that were submitted together. */
export interface Batch {
  /** See `batch-files.ts`. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** Those of this run that have not ended, by position. */
  readonly items: Map<number, Item>;
  /** Slurm's number of the array; absent until it is known. */
  job?: string;
}

/** How a task was asked to end. */
export type Asked = "stop" | "kill" | "leave";

/** A task of this run. */
export interface Item {
  readonly task: Task;
  readonly end: Promise<TaskEnd>;
  readonly update: StartOptions["update"];
  /** The batch that it is in, and its position there; absent before. */
  place?: { readonly batch: Batch; readonly at: number };
  asked?: Asked;
  /** How often it was lost. */
  retries: number;
  /** Jobs that it was, those that were lost among them. */
  readonly jobs: string[];
  isOver(): boolean;
  /** The first end counts. */
  settle(end: TaskEnd): void;
}

export function newItem(task: Task, { update }: StartOptions): Item {
  let resolve: (end: TaskEnd) => void = () => {};
  let isOver = false;
  const end = new Promise<TaskEnd>((settle) => {
    resolve = settle;
  });
  return {
    ...{ task, end, update, retries: 0, jobs: [] },
    isOver: () => isOver,
    settle(how) {
      isOver = true;
      resolve(how);
    },
  };
}

/** An end without a result. */
export function endedBy(failure: (TaskEnd & { readonly kind: "failed" })["failure"]): TaskEnd {
  return { kind: "failed", failure, metrics: {}, peakMemory: 0 };
}

export const interrupted: TaskEnd = { kind: "interrupted", metrics: {}, peakMemory: 0 };
