import { rm } from "node:fs/promises";
import { openCache } from "../cache/cache.ts";
import { listFiles } from "../cache/tree.ts";
import { describeFailure } from "../failure.ts";
import type { OutputRecord } from "../record/event.ts";
import { StepError, type StepType } from "../step-type.ts";
import { openContext } from "./context.ts";
import type { Task, TaskEnd, TaskUpdate } from "./task.ts";

export interface ExecuteOptions {
  readonly types: ReadonlyMap<string, StepType>;
  readonly signal: AbortSignal;
  update(update: TaskUpdate): void;
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
    return { kind: "failed", failure: describeFailure(error, [task.cache, task.home]), ...about() };
  } finally {
    // Best effort: what is left here is swept by a later run.
    if (staging !== undefined) await rm(staging, { recursive: true, force: true }).catch(() => {});
  }
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === "AbortError");
}
