import { hostname } from "node:os";
import type { Progress } from "../../step-type.ts";
import { localExecutor, type WorkerCommand } from "../local.ts";
import { beat, claim, isCancelled, readManifest, writeExit, writeProgress } from "./batch-files.ts";
import { interrupted } from "./item.ts";

/** How often a task shows that it lives, and looks whether it is to end. */
const BEAT_MS = 2_000;
const PROGRESS_EVERY_MS = 1_000;

/**
 * A task of a batch on a node: in a worker as on the user's machine, with files
 * in the place of messages.
 *
 * @param folder of the batch.
 * @param env has SLURM_ARRAY_TASK_ID and SLURM_ARRAY_JOB_ID.
 */
export async function runJob(
  folder: string,
  worker: WorkerCommand,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const at = Number(env.SLURM_ARRAY_TASK_ID);
  const manifest = readManifest(folder);
  const task = manifest?.tasks[at];
  if (task === undefined) throw new Error(`${folder} has no task ${env.SLURM_ARRAY_TASK_ID}`);
  const node = env.SLURMD_NODENAME ?? hostname();
  const job = `${env.SLURM_ARRAY_JOB_ID}_${at}`;
  // A copy: Slurm starts what it lost sight of once more while it still runs.
  if (!claim(folder, at, { at: new Date().toISOString(), node, job })) return;
  const executor = localExecutor(worker);
  let told = Number.NEGATIVE_INFINITY;
  let held: Progress | undefined;
  const tell = (): void => {
    if (held === undefined || performance.now() - told < PROGRESS_EVERY_MS) return;
    told = performance.now();
    writeProgress(folder, at, held);
    held = undefined;
  };
  const running = executor.start(task, {
    update({ progress }) {
      held = progress;
      tell();
    },
  });
  let isToEnd = false;
  const stop = (): void => {
    isToEnd = true;
    running.stop();
  };
  const look = (): void => {
    beat(folder, at);
    tell();
    if (isCancelled(folder, at)) stop();
  };
  look();
  const timer = setInterval(look, BEAT_MS);
  // scancel, and the end of the time limit.
  process.on("SIGTERM", stop);
  try {
    const end = await running.end;
    // Slurm ends programs together with the worker that would have ended them.
    const isEnded = isToEnd && end.kind === "failed";
    await writeExit(task.cache, folder, at, isEnded ? interrupted : end);
  } finally {
    clearInterval(timer);
    await executor.close();
  }
}
