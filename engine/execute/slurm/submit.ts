import { setTimeout as sleep } from "node:timers/promises";
import { shellWord } from "../../wording.ts";
import type { WorkerCommand } from "../local.ts";
import { writeJob } from "./batch-files.ts";
import { type Slurm, SlurmError } from "./commands.ts";
import type { Batch, Item } from "./item.ts";

export interface Submission {
  readonly slurm: Slurm;
  readonly worker: WorkerCommand;
  readonly cache: string;
  /** For people who look at the queue. */
  readonly comment: string;
  /** What the jobs may take. */
  readonly args: readonly string[];
  /** How many tasks may run at a time. */
  readonly most: number;
}

/** Between two tries while Slurm does not answer. */
const WAITS_MS = [1, 2, 4, 8, 15, 30, 60, 60, 60, 60].map((seconds) => seconds * 1000);

/**
 * Submits a batch that lies on disk. An answer that was lost is no reason to
 * submit it twice: it is looked for by its name first.
 *
 * @throws SlurmError where Slurm refuses it, or does not answer for five minutes.
 */
export async function submit(batch: Batch, submission: Submission): Promise<void> {
  const { slurm, cache } = submission;
  const isWanted = (): boolean => [...batch.items.values()].some((item) => !item.isOver());
  batch.job = await insisting(isWanted, async (isFirst) => {
    const found = isFirst ? undefined : await jobNamed(slurm, batch.manifest.token);
    return found ?? slurm.submit(argumentsOf(batch, submission), scriptOf(batch, submission.worker));
  });
  await writeJob(cache, batch.folder, batch.job);
}

/** The number of the array of that name; `undefined` where Slurm has none. @throws SlurmError as `submit` does. */
export function findJob(slurm: Slurm, token: string, item: Item): Promise<string | undefined> {
  return insisting(
    () => !item.isOver(),
    () => jobNamed(slurm, token),
  );
}

async function jobNamed(slurm: Slurm, token: string): Promise<string | undefined> {
  const queued = await slurm.queue();
  return queued.find(({ name }) => name === token)?.job.replace(/_\d+$/, "");
}

/** Asks again while Slurm does not answer. */
async function insisting<Answer>(
  isWanted: () => boolean,
  ask: (isFirst: boolean) => Promise<Answer>,
): Promise<Answer> {
  for (let at = 0; ; at++) {
    try {
      return await ask(at === 0);
    } catch (error) {
      const wait = WAITS_MS[at];
      if (!(error instanceof SlurmError) || !error.isUnsure || wait === undefined) throw error;
      // A run that is over does not wait for it.
      await sleep(wait, undefined, { ref: false });
      if (!isWanted()) throw error;
    }
  }
}

function argumentsOf({ folder, manifest }: Batch, { comment, args, most }: Submission): readonly string[] {
  const last = manifest.tasks.length - 1;
  return [
    `--job-name=${manifest.token}`,
    `--comment=${comment}`,
    "--no-requeue",
    "--export=ALL",
    `--array=0-${last}%${most}`,
    `--chdir=${manifest.tasks[0]?.root}`,
    `--output=${folder}/slurm/%A_%a.log`,
    ...args,
  ];
}

function scriptOf({ folder }: Batch, { file }: WorkerCommand): string {
  const words = [process.execPath, file, "__job", folder].map(shellWord);
  return `#!/bin/sh\nexec ${words.join(" ")}\n`;
}
