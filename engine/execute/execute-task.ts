import { rm } from "node:fs/promises";
import { openCache } from "../cache/cache.ts";
import { listFiles, TreeError } from "../cache/tree.ts";
import type { OutputRecord, StepFailure } from "../record/event.ts";
import { StepError, type StepType } from "../step-type.ts";
import { openContext } from "./context.ts";
import type { Report, Task, TaskEnd } from "./task.ts";

export interface ExecuteOptions {
  readonly types: ReadonlyMap<string, StepType>;
  readonly signal: AbortSignal;
  report(report: Report): void;
}

/** Executes a step in this process and publishes its outputs. Never rejects. */
export async function executeTask(task: Task, options: ExecuteOptions): Promise<TaskEnd> {
  const cache = openCache(task.cache);
  let staging: string | undefined;
  let metrics: TaskEnd["metrics"] = {};
  const about = () => ({ metrics, peakMemory: process.resourceUsage().maxRSS * 1024 });
  try {
    const type = options.types.get(task.type);
    if (type === undefined) throw new Error(`no step type ${task.type}`);
    staging = await cache.staging();
    const context = await openContext({ task, type, cache, staging, ...options });
    metrics = context.metrics;
    await type.run(context.ctx);
    const outputs: Record<string, OutputRecord> = {};
    const names = type.outputs(task.params);
    for (const name of names) {
      const empty = listFiles(context.ctx.output(name)).length === 0;
      if (empty) throw new StepError(`the step wrote nothing to its output ${name}`);
    }
    for (const name of names) {
      const { digest, bytes } = await cache.artifacts.publish(context.ctx.output(name));
      outputs[name] = { digest, bytes, notes: context.notes(name) };
    }
    return { kind: "done", outputs, leans: context.leans(), ...about() };
  } catch (error) {
    if (options.signal.aborted && isAbort(error, options.signal)) return { kind: "interrupted", ...about() };
    return { kind: "failed", failure: describeFailure(error), ...about() };
  } finally {
    // Best effort: what is left here is swept by a later run.
    if (staging !== undefined) await rm(staging, { recursive: true, force: true }).catch(() => {});
  }
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === "AbortError");
}

const environmentCodes: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EMFILE: "too many files are open",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
};

/** An error in the words the user gets. */
export function describeFailure(error: unknown): StepFailure {
  if (!(error instanceof Error)) return { kind: "bug", message: String(error) };
  if (error instanceof StepError || error instanceof TreeError)
    return { kind: "step", message: error.message };
  const { code = "", path } = error as NodeJS.ErrnoException;
  const reason = environmentCodes[code];
  if (reason !== undefined) {
    const place = path === undefined ? "" : ` (${path})`;
    return {
      kind: "environment",
      message: `${reason}${place}; what was finished is kept: run the same command again when this is mended`,
    };
  }
  return { kind: "bug", message: error.message, ...(error.stack ? { detail: error.stack } : {}) };
}
