import { readdirSync } from "node:fs";
import { join } from "node:path";
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
        exit.kind === "done" && Object.values(exit.outputs).every(({ digest }) => isComplete(digest));
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
