import { randomBytes } from "node:crypto";
import { removeFolder } from "../../cache/folders.ts";
import { describeFailure, type Failure } from "../../failure.ts";
import { localExecutor, type WorkerCommand } from "../local.ts";
import { logLine } from "../step-log.ts";
import type { Executor, RunningTask, Task } from "../task.ts";
import { isDone, leftBatches } from "./adopt.ts";
import { cancel, listed, writeBatch, writeJob } from "./batch-files.ts";
import { type Slurm, SlurmError } from "./commands.ts";
import { type Batch, endedBy, type Item, interrupted, newItem } from "./item.ts";
import { type Resources, resourceArguments } from "./resources.ts";
import { findJob, submit } from "./submit.ts";
import { watchBatches } from "./watch.ts";

export interface SlurmOptions {
  readonly slurm: Slurm;
  readonly worker: WorkerCommand;
  /** The cache's folder, on a disk that all nodes share. */
  readonly cache: string;
  /** The id of the run. */
  readonly run: string;
  /** How many tasks of a batch may run at a time. */
  readonly jobs: number;
  resourcesOf(task: Task): Resources;
  /** Whether an artifact is there. */
  isComplete(digest: string): boolean;
  readonly askEveryMs: number;
  readonly graceMs: number;
  /** Says what people should know of a job, in a sentence. */
  note(text: string): void;
}

/** Tasks that become ready together are one array. */
const GATHER_MS = 50;
/** Slurm's MaxArraySize is 1,001 unless it was changed. */
const MOST_TASKS = 1000;
/** How often a task is tried again that was lost by no fault of its own. */
const MOST_RETRIES = 3;

/**
 * Places tasks as jobs of Slurm. What was submitted is on disk: a run that comes
 * after this one, however it ended, takes up what still runs.
 */
export function slurmExecutor(options: SlurmOptions): Executor {
  const { slurm, cache, worker } = options;
  const here = localExecutor(worker);
  const ready: Item[] = [];
  const batches = new Set<Batch>();
  const left = leftBatches(cache, options.isComplete);
  const queue = (item: Item): void => {
    if (ready.length === 0) setTimeout(() => void submitReady(), GATHER_MS);
    ready.push(item);
  };
  const watch = watchBatches({
    ...options,
    batches,
    again(item, why) {
      if (item.retries++ >= MOST_RETRIES) {
        const message = `the job was lost ${item.retries} times (${why}); the same command tries again`;
        return item.settle(endedBy({ kind: "machine", message }));
      }
      logLine(item.task.log, `flow: the job was lost (${why}), and is submitted again`);
      queue(item);
    },
  });
  const hold = (batch: Batch, items: readonly (readonly [number, Item])[]): void => {
    batches.add(batch);
    for (const [at, item] of items) {
      batch.items.set(at, item);
      item.place = { batch, at };
    }
    watch.wake();
  };

  const submitReady = async (): Promise<void> => {
    const alike = new Map<string, Item[]>();
    for (const item of ready.splice(0)) {
      if (item.isOver()) continue;
      const key = JSON.stringify([resourceArguments(options.resourcesOf(item.task)), item.task.root]);
      alike.set(key, [...(alike.get(key) ?? []), item]);
    }
    for (const items of alike.values()) {
      for (let at = 0; at < items.length; at += MOST_TASKS) await begin(items.slice(at, at + MOST_TASKS));
    }
  };
  const begin = async (items: readonly Item[]): Promise<void> => {
    try {
      const manifest = {
        format: 1,
        token: `flow-${randomBytes(8).toString("hex")}`,
        at: new Date().toISOString(),
        tasks: items.map(({ task }) => task),
      } as const;
      const batch: Batch = { folder: await writeBatch(cache, manifest), manifest, items: new Map() };
      hold(batch, [...items.entries()]);
      const [first] = items;
      await submit(batch, {
        ...{ slurm, worker, cache, most: options.jobs },
        comment: `flow ${options.run}`,
        args: first === undefined ? [] : resourceArguments(options.resourcesOf(first.task)),
      });
      const stopped = items.filter(({ asked }) => asked === "stop" || asked === "kill");
      if (stopped.length > 0) await cancelAll(stopped);
    } catch (error) {
      for (const item of items) {
        if (item.place !== undefined) cancel(item.place.batch.folder, item.place.at);
        item.settle(endedBy(failureOf(error)));
      }
    }
  };

  /** Takes up what an earlier run submitted, or was about to. */
  const adopt = async (item: Item, batch: Batch, at: number): Promise<void> => {
    try {
      const job = batch.job ?? (await findJob(slurm, batch.manifest.token, item));
      if (job === undefined) {
        // Should it come up after all, it does not begin.
        cancel(batch.folder, at);
        return queue(item);
      }
      if (batch.job === undefined) await writeJob(cache, batch.folder, job);
      batch.job = job;
      const log = batch.manifest.tasks[at]?.log;
      logLine(item.task.log, `flow: an earlier run has submitted it as job ${job}_${at}; its log is ${log}`);
      hold(batch, [[at, item]]);
      if (item.asked === "stop") await cancelAll([item]);
    } catch (error) {
      item.settle(endedBy(failureOf(error)));
    }
  };
  const failureOf = (error: unknown): Failure =>
    error instanceof SlurmError
      ? { kind: "machine", message: error.message }
      : describeFailure(error, [cache]);

  const toCancel = new Set<Item>();
  let cancelling: Promise<void> | undefined;
  const cancelSoon = (item: Item): void => {
    toCancel.add(item);
    cancelling ??= new Promise<void>((resolve) => setTimeout(resolve, GATHER_MS)).then(() => {
      cancelling = undefined;
      const items = [...toCancel];
      toCancel.clear();
      return cancelAll(items);
    });
  };
  const cancelAll = async (items: readonly Item[]): Promise<void> => {
    const jobs: string[] = [];
    for (const { place } of items) {
      if (place === undefined) continue;
      cancel(place.batch.folder, place.at);
      if (place.batch.job !== undefined) jobs.push(`${place.batch.job}_${place.at}`);
    }
    // Where Slurm does not hear, the marks on the disk end them.
    if (jobs.length > 0) await slurm.cancel(jobs).catch(() => {});
    for (const item of items) {
      const { place } = item;
      if (place === undefined || !listed(place.batch.folder, "started").has(place.at))
        item.settle(interrupted);
    }
  };

  return {
    name: "slurm",
    atOnce: options.jobs,
    needsItems: true,
    deal(_, work, done) {
      const { items, together } = work ?? { items: [], together: 1 };
      const jobs: number[][] = [];
      // By their positions alone, so that a later run deals the same and finds these jobs again.
      for (let at = 0; at < items.length; at += together)
        jobs.push([...items.keys()].slice(at, at + together));
      return jobs.filter((job) => job.some((at) => !done.has(at)));
    },
    start(task, start): RunningTask {
      // It reads a few files, and nobody waits in a queue for that.
      if (task.part?.kind === "split") return here.start(task, start);
      const item = newItem(task, start);
      const found = task.entries === "by-content" ? undefined : left.take(task);
      if (found === undefined) queue(item);
      else void adopt(item, found.batch, found.at);
      return {
        end: item.end,
        stop(how) {
          item.asked ??= how === "leave" ? "leave" : "stop";
          if (item.asked === "leave" || item.place === undefined) item.settle(interrupted);
          else cancelSoon(item);
        },
        kill() {
          item.asked = "kill";
          cancelSoon(item);
          item.settle(interrupted);
        },
      };
    },
    async close() {
      watch.close();
      await here.close();
      await cancelling;
      for (const batch of batches) if (isDone(batch)) removeFolder(batch.folder);
    },
  };
}
