import type { DividedWork } from "../cache/divisions.ts";
import type { Origin } from "../cache/keys.ts";
import type { Pace, PlacedItem, Worked, WorkItem } from "../division.ts";
import type { Failure } from "../failure.ts";
import type { Json, JsonObject } from "../json.ts";
import type { OutputRecord, Placement } from "../record/event.ts";
import type { Progress } from "../step-type.ts";

/** Everything a worker needs to execute one step. Plain data: it crosses processes. */
export interface Task {
  readonly step: string;
  /** Name of the step type. */
  readonly type: string;
  /** With those that do not enter the key. */
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, TaskInput>>;
  /** Project root. */
  readonly root: string;
  /** FLOW_HOME. */
  readonly home: string;
  /** The cache's folder. */
  readonly cache: string;
  /** The step's log file. */
  readonly log: string;
  /** The folder of all runs: flow's own, which no source contains. */
  readonly runs: string;
  /** How closely entries of the step's own stores are looked at before it gets them. */
  readonly entries: "by-size" | "by-content";
  /** Absent where the step is executed that makes the outputs. */
  readonly part?: TaskPart;
  /** What was done in parts before. */
  readonly worked?: Worked;
}

/** What is to be done of a step whose work is divided. */
export type TaskPart =
  /** To cut the items. */
  | { readonly kind: "split" }
  /** To do some of them. */
  | { readonly kind: "work"; readonly key: string; readonly items: readonly PlacedItem[] }
  /** To cut them, unless others have, and to do those that nobody else does. */
  | { readonly kind: "split-and-work"; readonly key: string; readonly pace: Pace };

/** An input as plain data; the worker finds its files by the digests. */
export interface TaskInput {
  /** Absolute. */
  readonly path: string;
  readonly digest: string;
  /** Where it is an artifact: the whole one's digest, of which `digest` may cover only what the step reads. */
  readonly artifact?: string;
  readonly notes: readonly string[];
  /** The folder of files that it only names. */
  readonly origin?: string;
  /** Folders of the cache that a program gets and could write into, as they were before any did. */
  readonly watched?: readonly Watched[];
}

/** A folder of the cache with its fingerprint. */
export interface Watched {
  /** Absolute. */
  readonly path: string;
  readonly fingerprint: string;
  /** What people know it by: `make.table`. */
  readonly name: string;
}

/** The fingerprint of each source, as the step left it; absent where something of it is gone. */
export type Seen = Readonly<Record<string, string | undefined>>;

/** What a worker tells while it works. */
export interface TaskUpdate {
  readonly kind: "progress";
  readonly progress: Progress;
}

/** How a task ended. */
export type TaskEnd = {
  readonly metrics: Readonly<Record<string, Json>>;
  /** Bytes. */
  readonly peakMemory: number;
  readonly placement?: Placement;
  /** What was done of it in parts before, by this execution. */
  readonly worked?: Worked;
} & (
  | {
      readonly kind: "done";
      readonly outputs: Readonly<Record<string, OutputRecord>>;
      readonly leans: readonly { readonly store: string; readonly entry: string }[];
      readonly origin?: Origin;
      readonly seen: Seen;
    }
  | { readonly kind: "split"; readonly items: readonly WorkItem[] }
  /** How many items were done, others' not counted. */
  | { readonly kind: "worked"; readonly items: number }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "interrupted" }
);

/** What places workers. */
export interface Executor {
  /** As records name it. */
  readonly name: string;
  /** How many tasks run at a time, about: for how work is divided. */
  readonly atOnce: number;
  /** Whether the items of a step have to be known before any is placed. */
  readonly needsItems: boolean;
  /**
   * Into which tasks the items of a step are dealt that are not done, by position.
   * Tasks may have the same ones: of these each takes what is free.
   *
   * @param work nothing where they are not known: then neither are those of the tasks.
   */
  deal(
    task: Task,
    work: DividedWork | undefined,
    done: ReadonlySet<number>,
  ): readonly (readonly number[] | undefined)[];
  start(task: Task, options: StartOptions): RunningTask;
  /** Lets every worker go. */
  close(): Promise<void>;
}

export interface StartOptions {
  update(update: TaskUpdate): void;
}

/** A task that runs somewhere. */
export interface RunningTask {
  /** Never rejects: a worker that dies is a failed end. */
  readonly end: Promise<TaskEnd>;
  /**
   * Asks it to drop the unit in hand and end. `leave`: the terminal is gone, and
   * what does not need this process may run on.
   */
  stop(how?: "leave"): void;
  /** Ends it at once. */
  kill(): void;
}
