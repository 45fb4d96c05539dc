import { setMaxListeners } from "node:events";
import type { Cache } from "../cache/cache.ts";
import type { DividedWork } from "../cache/divisions.ts";
import { itemsTogether, nothingWorked, type PlacedItem, type Worked, type WorkItem } from "../division.ts";
import type { Placement } from "../record/event.ts";
import type { Outlook, Progress } from "../step-type.ts";
import type { Services } from "./services.ts";
import { logLine } from "./step-log.ts";
import type { Task, TaskEnd, TaskPart } from "./task.ts";
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
  const { executor } = tasks;
  const pace = {
    atOnce: executor.atOnce,
    ...(outlook?.perSecond === undefined ? {} : { perSecond: outlook.perSecond }),
  };
  let work = openWork(cache, key);
  if (work === undefined && executor.needsItems) {
    const nothing = { worked: nothingWorked, placements: [], peakMemory: 0 };
    const end = await tasks.execute({ ...task, part: { kind: "split" } }, { update() {} });
    if (end.kind !== "split") return { ...nothing, end };
    if (end.items.length < 2) return nothing;
    work = await cache.divisions.keep(key, { items: end.items, together: itemsTogether(end.items, pace) });
  }
  const done = cache.divisions.done(key);
  const parts = executor.deal(task, work, done);
  const tell = progressOf({ work, done, outlook }, (progress) =>
    emit({ kind: "step-progress", at: now().toISOString(), step: task.step, progress }),
  );
  const dropped = new AbortController();
  // As many listen as there are jobs.
  setMaxListeners(Number.POSITIVE_INFINITY, dropped.signal);
  const began = performance.now();
  const ends = await Promise.all(
    parts.map(async (positions, at) => {
      const items = positions?.map((position): PlacedItem => [position, work?.items[position] as WorkItem]);
      const mine: TaskPart =
        items === undefined ? { kind: "split-and-work", key, pace } : { kind: "work", key, items };
      const log = parts.length === 1 ? task.log : logOf(task.log, at);
      const part = { ...task, log, part: mine };
      const end = await tasks.execute(part, {
        update: ({ progress }) => tell(at, progress),
        dropped: dropped.signal,
      });
      // What is wrong with one is mostly wrong with all.
      if (end.kind !== "worked") dropped.abort();
      if (end.kind === "failed" && log !== task.log) {
        // People are shown the step's own.
        logLine(task.log, `flow: a part of the work failed; its log is ${log}`);
      }
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

/** What has no result though all of it is done has lost some: it is divided anew. */
function openWork({ divisions }: Cache, key: string): DividedWork | undefined {
  const work = divisions.read(key);
  if (work === undefined || divisions.done(key).size < work.items.length) return work;
  divisions.remove(key);
  return undefined;
}

/** The end of the step, with what was shared before. */
export function withShared(end: TaskEnd, shared: SharedWork): TaskEnd {
  const { worked, peakMemory } = shared;
  return {
    ...end,
    peakMemory: Math.max(end.peakMemory, peakMemory),
    ...placementOf(shared, end.placement),
    ...(worked.items === 0 ? {} : { worked }),
  };
}

/** Where a cluster has put the parts of a step, and what made its outputs. */
export function placementOf(
  { placements }: SharedWork,
  last?: Placement,
): { readonly placement?: Placement } {
  const all = [...placements, ...(last === undefined ? [] : [last])];
  if (all.length === 0) return {};
  // Those of an array wait beside each other, and what makes the outputs waits after them.
  const first =
    placements.length === 0 ? 0 : Math.min(...placements.map(({ queuedSeconds }) => queuedSeconds));
  return {
    placement: {
      jobs: all.flatMap(({ jobs }) => jobs),
      nodes: [...new Set(all.flatMap(({ nodes }) => nodes))].sort(),
      queuedSeconds: first + (last?.queuedSeconds ?? 0),
    },
  };
}

/** Several workers do not write to one file: they may be on several machines. */
function logOf(log: string, at: number): string {
  return log.replace(/\.log$/, `.${at + 1}.log`);
}

interface KnownWork {
  readonly work: DividedWork | undefined;
  readonly done: ReadonlySet<number>;
  readonly outlook: Outlook | undefined;
}

/** Adds up how far the workers are. */
function progressOf(
  { work, done, outlook }: KnownWork,
  emit: (progress: Progress) => void,
): (worker: number, progress: Progress) => void {
  const costOf = (items: readonly (WorkItem | undefined)[]): number =>
    items.reduce((sum, item) => sum + (item?.cost ?? 0), 0);
  const before = costOf([...done].map((at) => work?.items[at]));
  const all = outlook?.total ?? (work && costOf(work.items));
  const reused = outlook === undefined ? before : outlook.total - outlook.toDo;
  const own = new Map<number, number>();
  return (worker, progress) => {
    own.set(worker, progress.done);
    const sum = [...own.values()].reduce((whole, one) => whole + one, reused);
    const total = all ?? progress.total;
    emit({ done: Math.min(sum, total), total, unit: progress.unit, reused });
  };
}
