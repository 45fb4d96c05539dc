import { setMaxListeners } from "node:events";
import type { DividedWork } from "../cache/divisions.ts";
import { nothingWorked, type Worked, type WorkItem } from "../division.ts";
import type { Placement } from "../record/event.ts";
import type { Outlook, Progress } from "../step-type.ts";
import type { Services } from "./services.ts";
import type { Task, TaskEnd } from "./task.ts";
import type { Tasks } from "./tasks.ts";

export interface WorkToShare {
  /** Of the step as a whole. */
  readonly task: Task;
  readonly key: string;
  readonly outlook: Outlook | undefined;
}

export interface SharedWork {
  readonly worked: Worked;
  readonly placements: readonly Placement[];
  readonly peakMemory: number;
  /** Absent where all is well. */
  readonly end?: TaskEnd;
}

/** As long as a job on a cluster had better take: much longer than it takes to begin, and no great loss. */
const JOB_SECONDS = 60;
/** An array has no more tasks: see `slurm/executor.ts`. */
const MOST_JOBS = 1000;
/** How often each place had better be filled at least: jobs are not equally long. */
const ROUNDS = 4;

/**
 * Does the items of a step whose work is divided, together with all others who
 * share the cache and want the same. Afterwards every item is done, or something
 * is wrong.
 */
export async function shareWork(
  { task, key, outlook }: WorkToShare,
  { cache, emit, now }: Services,
  tasks: Tasks,
): Promise<SharedWork> {
  const nothing = { worked: nothingWorked, placements: [], peakMemory: 0 };
  let work = cache.divisions.read(key);
  if (work === undefined) {
    const end = await tasks.execute({ ...task, part: { kind: "split" } }, { update() {} });
    if (end.kind !== "split") return { ...nothing, end };
    work = {
      items: end.items,
      together: itemsTogether(end.items, tasks.executor.atOnce, outlook?.perSecond),
    };
    if (work.items.length < 2) return nothing;
    await cache.divisions.keep(key, work);
  }
  const { items } = work;
  const done = cache.divisions.done(key);
  const parts = tasks.executor.deal(task, work, done);
  const tell = progressOf(work, done, outlook, (progress) =>
    emit({ kind: "step-progress", at: now().toISOString(), step: task.step, progress }),
  );
  const dropped = new AbortController();
  // As many listen as there are jobs.
  setMaxListeners(Number.POSITIVE_INFINITY, dropped.signal);
  const began = performance.now();
  const ends = await Promise.all(
    parts.map(async (positions, at) => {
      const mine = positions.map((position) => [position, items[position] as WorkItem] as const);
      const log = parts.length === 1 ? task.log : logOf(task.log, at);
      const part = { ...task, log, part: { kind: "work", key, items: mine } } as const;
      const end = await tasks.execute(part, {
        update: ({ progress }) => tell(at, progress),
        dropped: dropped.signal,
      });
      // What is wrong with one is mostly wrong with all.
      if (end.kind !== "worked") dropped.abort();
      return end;
    }),
  );
  const seconds = Number(((performance.now() - began) / 1000).toFixed(3));
  const good = ends.filter((end) => end.kind === "worked");
  const bad = ends.find(({ kind }) => kind === "failed") ?? ends.find(({ kind }) => kind !== "worked");
  return {
    worked: {
      items: good.reduce((sum, end) => sum + end.items, 0),
      ...{ seconds, metrics: good.filter((end) => end.items > 0).map(({ metrics }) => metrics) },
    },
    placements: ends.flatMap(({ placement }) => placement ?? []),
    peakMemory: Math.max(0, ...ends.map(({ peakMemory }) => peakMemory)),
    ...(bad === undefined ? {} : { end: bad }),
  };
}

/** The end of the step, with what was shared before. */
export function withShared(end: TaskEnd, { worked, placements, peakMemory }: SharedWork): TaskEnd {
  const all = [...placements, ...(end.placement === undefined ? [] : [end.placement])];
  const placement: Placement = {
    jobs: all.flatMap(({ jobs }) => jobs),
    nodes: [...new Set(all.flatMap(({ nodes }) => nodes))].sort(),
    // Those of an array wait beside each other, and what makes the outputs waits after them.
    queuedSeconds:
      (placements.length === 0 ? 0 : Math.min(...placements.map(({ queuedSeconds }) => queuedSeconds))) +
      (end.placement?.queuedSeconds ?? 0),
  };
  return {
    ...end,
    peakMemory: Math.max(end.peakMemory, peakMemory),
    ...(all.length === 0 ? {} : { placement }),
    ...(worked.items === 0 ? {} : { worked }),
  };
}

/**
 * How many items a job does: by how fast earlier executions were.
 *
 * @param atOnce how many jobs run at a time.
 */
function itemsTogether(items: readonly WorkItem[], atOnce: number, perSecond: number | undefined): number {
  const least = Math.ceil(items.length / MOST_JOBS);
  const most = Math.floor(items.length / (ROUNDS * atOnce));
  const cost = items.reduce((sum, item) => sum + item.cost, 0) / Math.max(1, items.length);
  const wanted = perSecond === undefined || cost === 0 ? most : Math.floor((JOB_SECONDS * perSecond) / cost);
  return Math.max(1, least, Math.min(most, wanted));
}

/** Several workers do not write to one file: they may be on several machines. */
function logOf(log: string, at: number): string {
  return log.replace(/\.log$/, `.${at + 1}.log`);
}

/** Adds up how far the workers are. */
function progressOf(
  { items }: DividedWork,
  done: ReadonlySet<number>,
  outlook: Outlook | undefined,
  emit: (progress: Progress) => void,
): (worker: number, progress: Progress) => void {
  const cost = items.reduce((sum, item) => sum + item.cost, 0);
  const before = [...done].reduce((sum, at) => sum + (items[at]?.cost ?? 0), 0);
  const total = outlook?.total ?? cost;
  const reused = outlook === undefined ? before : outlook.total - outlook.toDo;
  const own = new Map<number, number>();
  return (worker, { done, unit }) => {
    own.set(worker, done);
    const sum = [...own.values()].reduce((all, one) => all + one, reused);
    emit({ done: Math.min(sum, total), total, unit, reused });
  };
}
