import { readdirSync } from "node:fs";
import { join } from "node:path";
import { removeFolder } from "../../cache/folders.ts";
import type { Task } from "../task.ts";
import {
  identityOf,
  jobsFolder,
  listed,
  type Manifest,
  readExit,
  readJob,
  readManifest,
} from "./batch-files.ts";
import type { Batch } from "./item.ts";

/** What nobody has asked for in a week is not kept. */
const KEPT_MS = 7 * 24 * 3600 * 1000;

/** Tasks that earlier runs submitted and nobody has taken up. */
export interface Left {
  /** Where the same task runs, or has ended well. Each once. */
  take(task: Task): { readonly batch: Batch; readonly at: number } | undefined;
}

/**
 * What earlier runs left under `jobs/`. It is looked at when the first task
 * starts, whose key is locked by then: so nobody else waits for the same task.
 *
 * @param isComplete whether an artifact is there.
 */
export function leftBatches(cache: string, isComplete: (digest: string) => boolean): Left {
  let found: Map<string, { readonly batch: Batch; readonly at: number }> | undefined;
  const look = (): NonNullable<typeof found> => {
    const tasks = new Map<string, { readonly batch: Batch; readonly at: number }>();
    for (const batch of batchesIn(cache)) {
      if (isDone(batch) && Date.now() - Date.parse(batch.manifest.at) > KEPT_MS) removeFolder(batch.folder);
      const cancelled = listed(batch.folder, "cancelled");
      for (const [at, task] of batch.manifest.tasks.entries()) {
        if (!cancelled.has(at)) tasks.set(identityOf(task), { batch, at });
      }
    }
    return tasks;
  };
  return {
    take(task) {
      found ??= look();
      const identity = identityOf(task);
      const one = found.get(identity);
      found.delete(identity);
      if (one === undefined) return undefined;
      const exit = readExit(one.batch.folder, one.at);
      if (exit === undefined) return one;
      const isGood =
        exit.kind === "worked" ||
        (exit.kind === "done" && Object.values(exit.outputs).every(({ digest }) => isComplete(digest)));
      return isGood ? one : undefined;
    },
  };
}

function batchesIn(cache: string): readonly Batch[] {
  const batches: Batch[] = [];
  for (const { folder, manifest } of manifestsIn(jobsFolder(cache))) {
    const job = readJob(folder);
    batches.push({ folder, manifest, items: new Map(), ...(job === undefined ? {} : { job }) });
  }
  // Of two of one task the newer counts.
  return batches.sort((a, b) => a.manifest.at.localeCompare(b.manifest.at));
}

function* manifestsIn(jobs: string): Generator<{ readonly folder: string; readonly manifest: Manifest }> {
  let names: readonly string[] = [];
  try {
    names = readdirSync(jobs);
  } catch {
    // Nothing was ever submitted.
  }
  for (const name of names) {
    const folder = join(jobs, name);
    const manifest = readManifest(folder);
    if (manifest !== undefined) yield { folder, manifest };
  }
}

/** Whether nothing of it runs, or may still begin. */
export function isDone({ folder, manifest }: Batch): boolean {
  const [exits, started] = [listed(folder, "exits"), listed(folder, "started")];
  const cancelled = listed(folder, "cancelled");
  return manifest.tasks.every((_, at) => exits.has(at) || (cancelled.has(at) && !started.has(at)));
}
