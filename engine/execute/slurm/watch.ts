import { readFileSync } from "node:fs";
import { join } from "node:path";
import { lastWordsOf } from "../../failure.ts";
import type { TaskEnd } from "../task.ts";
import { cancel, lastBeat, listed, readExit, readProgress, readStarted } from "./batch-files.ts";
import type { Queued, Slurm } from "./commands.ts";
import { type Batch, endedBy, type Item, interrupted } from "./item.ts";
import { isLiving, judge, type Signs } from "./judge.ts";

export interface WatchOptions {
  readonly slurm: Slurm;
  readonly batches: ReadonlySet<Batch>;
  /** How often Slurm is asked, for all at once. */
  readonly askEveryMs: number;
  /** See `GRACE_MS`. */
  readonly graceMs: number;
  /** Tries a task again that was lost. */
  again(item: Item, why: string): void;
  note(text: string): void;
}

export interface Watch {
  /** Looks on while there is something in hand. */
  wake(): void;
  close(): void;
}

const LOOK_EVERY_MS = 500;
const SHOWN_LINES = 20;

/** Follows what is in hand: by its files, and by what Slurm says of it. */
export function watchBatches(options: WatchOptions): Watch {
  const { slurm, batches, askEveryMs } = options;
  const seen = new Map<string, { queued?: Queued; absent: number; overSince?: number }>();
  let timer: NodeJS.Timeout | undefined;
  let asked = performance.now();
  let isAsking = false;
  const ask = async (): Promise<void> => {
    isAsking = true;
    // While it does not answer nothing is decided.
    const queued = await slurm.queue().catch(() => undefined);
    asked = performance.now();
    isAsking = false;
    if (queued === undefined) return;
    const byName = new Map(queued.map((one) => [`${one.name} ${one.job}`, one]));
    for (const batch of batches) {
      for (const at of batch.items.keys()) {
        const before = seen.get(idOf(batch, at)) ?? { absent: 0 };
        const queued = byName.get(`${batch.manifest.token} ${batch.job}_${at}`);
        if (queued === undefined) seen.set(idOf(batch, at), { absent: before.absent + 1 });
        else {
          const over = isLiving(queued) ? {} : { overSince: before.overSince ?? performance.now() };
          seen.set(idOf(batch, at), { queued, absent: 0, ...over });
        }
      }
    }
  };
  const signsOf = (batch: Batch, at: number): Signs => {
    const { queued, absent = 0, overSince } = seen.get(idOf(batch, at)) ?? {};
    const beat = lastBeat(batch.folder, at);
    return {
      ...(queued === undefined ? {} : { queued }),
      absent,
      overMs: overSince === undefined ? 0 : performance.now() - overSince,
      ageMs: Date.now() - Date.parse(batch.manifest.at),
      ...(beat === undefined ? {} : { silentMs: Date.now() - beat }),
    };
  };
  const look = (): void => {
    for (const batch of batches) {
      const exits = listed(batch.folder, "exits");
      const progress = listed(batch.folder, "progress");
      for (const [at, item] of batch.items) {
        const end = exits.has(at) ? readExit(batch.folder, at) : undefined;
        // Why it was ended that nobody here has asked to end, Slurm says.
        const isEnd = end !== undefined && (end.kind !== "interrupted" || item.asked !== undefined);
        if (isEnd) finish(batch, at, item, placed(batch, at, item, end));
        else if (!item.isOver()) {
          tellProgress(batch, at, item, progress.has(at));
          decide(batch, at, item);
        }
        if (item.isOver()) batch.items.delete(at);
      }
    }
    if ([...batches].every(({ items }) => items.size === 0)) close();
    else if (!isAsking && performance.now() - asked > askEveryMs) void ask();
  };
  const finish = (batch: Batch, at: number, item: Item, end: TaskEnd): void => {
    batch.items.delete(at);
    item.settle(end);
  };
  const decide = (batch: Batch, at: number, item: Item): void => {
    if (batch.job === undefined) return;
    const verdict = judge(signsOf(batch, at), options.graceMs);
    if (verdict.kind === "wait") {
      tellWaiting(batch, at, item, verdict.reason);
      return;
    }
    // Should it run on somewhere it ends, and no later run takes it for one that may come to something.
    cancel(batch.folder, at);
    if (item.asked !== undefined) finish(batch, at, item, interrupted);
    else if (verdict.kind === "lost") {
      batch.items.delete(at);
      item.jobs.push(`${batch.job}_${at}`);
      const [last] = printedBy(batch, at).split("\n").slice(-1);
      options.again(item, last ? `${verdict.why}: ${last}` : verdict.why);
    } else if (verdict.kind === "cancelled") {
      finish(batch, at, item, endedBy({ kind: "machine", message: "somebody cancelled the job in Slurm" }));
    } else {
      const detail = printedBy(batch, at);
      finish(batch, at, item, endedBy({ ...verdict.failure, ...(detail === "" ? {} : { detail }) }));
    }
  };
  const waiting = new Set<string>();
  const tellWaiting = (batch: Batch, at: number, { task }: Item, reason: string | undefined): void => {
    // Of many jobs of a step, for one reason, one is told.
    const told = `${task.step} ${reason}`;
    if (reason === undefined || waiting.has(told)) return;
    waiting.add(told);
    options.note(`${task.step} (job ${batch.job}_${at}) waits in Slurm: ${reason}`);
  };
  const close = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    wake() {
      timer ??= setInterval(look, LOOK_EVERY_MS);
    },
    close,
  };
}

function idOf({ manifest }: Batch, at: number): string {
  return `${manifest.token} ${at}`;
}

const told = new WeakMap<Item, string>();

function tellProgress(batch: Batch, at: number, item: Item, hasProgress: boolean): void {
  if (!hasProgress) return;
  const progress = readProgress(batch.folder, at);
  const text = JSON.stringify(progress);
  if (progress === undefined || told.get(item) === text) return;
  told.set(item, text);
  item.update({ kind: "progress", progress });
}

/** With where it ran, and how long it waited. */
function placed(batch: Batch, at: number, { jobs }: Item, end: TaskEnd): TaskEnd {
  const started = readStarted(batch.folder, at);
  if (started === undefined) return end;
  const queued = (Date.parse(started.at) - Date.parse(batch.manifest.at)) / 1000;
  return {
    ...end,
    placement: { jobs: [...jobs, started.job], nodes: [started.node], queuedSeconds: Math.max(0, queued) },
  };
}

/** What Slurm and the shell printed last. */
function printedBy({ folder, job }: Batch, at: number): string {
  try {
    return lastWordsOf(readFileSync(join(folder, "slurm", `${job}_${at}.log`), "utf8"), SHOWN_LINES).lines;
  } catch {
    return "";
  }
}
