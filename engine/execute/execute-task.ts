import { readdirSync, statSync } from "node:fs";
import { type Cache, openCache } from "../cache/cache.ts";
import { itemsTogether, type Pace, type PlacedItem, type WorkItem } from "../division.ts";
import { describeFailure } from "../failure.ts";
import { sourceFingerprint } from "../inputs.ts";
import { specOf } from "../plan/input-spec.ts";
import type { OutputRecord } from "../record/event.ts";
import { type Division, type DivisionContext, StepError, type StepType } from "../step-type.ts";
import { claimItems } from "./claim-items.ts";
import { type OpenContext, openContext } from "./context.ts";
import { findDamage } from "./damage.ts";
import { measurePeak } from "./peak-memory.ts";
import { openStepLog } from "./step-log.ts";
import type { Seen, Task, TaskEnd, TaskPart, TaskUpdate } from "./task.ts";

export interface ExecuteOptions {
  readonly types: ReadonlyMap<string, StepType>;
  readonly signal: AbortSignal;
  update(update: TaskUpdate): void;
}

/** Executes a step in this process and publishes its outputs. Never rejects. */
export async function executeTask(task: Task, options: ExecuteOptions): Promise<TaskEnd> {
  const { root, runs } = task;
  const cache = openCache(task.cache, { root, own: [task.cache, runs] });
  let staging: string | undefined;
  let metrics: TaskEnd["metrics"] = {};
  let programs = (): number => 0;
  const peak = measurePeak();
  const about = () => ({ metrics, peakMemory: programs() || peak.bytes() });
  const log = openStepLog(task.log);
  try {
    const type = options.types.get(task.type);
    if (type === undefined) throw new Error(`no step type ${task.type}`);
    staging = cache.staging();
    const since = statSync(staging, { bigint: true }).mtimeNs;
    const context = await openContext({ task, type, cache, staging, log, ...options });
    metrics = context.metrics;
    programs = context.peakMemory;
    if (task.part !== undefined) {
      return { ...(await executePart(type, task.part, { context, cache, ...options })), ...about() };
    }
    try {
      await type.run(context.ctx);
    } finally {
      await refuseDamage(cache, task, since);
    }
    log.close();
    const seen = lookAtSources(cache, task, type);
    const author = type.runsPrograms ? "program" : "step";
    const names = type.outputs(task.params);
    for (const name of names) refuseEmpty(context.ctx.output(name), name);
    const outputs: Record<string, OutputRecord> = {};
    for (const name of names) {
      const folder = context.ctx.output(name);
      const { digest, bytes } = await cache.artifacts.publish({
        name: `output ${name}`,
        folder,
        scratch: staging,
        author,
      });
      outputs[name] = { digest, bytes, notes: context.notes(name) };
    }
    return { kind: "done", outputs, leans: context.leans(), ...context.origin(), seen, ...about() };
  } catch (error) {
    if (options.signal.aborted && isAbort(error, options.signal)) return { kind: "interrupted", ...about() };
    return {
      kind: "failed",
      failure: describeFailure(error, [task.cache, task.home, task.runs]),
      ...about(),
    };
  } finally {
    try {
      log.close();
      if (staging !== undefined) cache.dropStaging(staging);
    } catch {
      // What is left here is swept by a later run.
    }
  }
}

/** Its outputs are made later, of what it leaves in stores. */
async function executePart(
  { name, division }: StepType,
  part: TaskPart,
  { context, cache, signal }: Pick<ExecuteOptions, "signal"> & { context: OpenContext; cache: Cache },
): Promise<{ kind: "split"; items: readonly WorkItem[] } | { kind: "worked"; items: number }> {
  if (division === undefined) throw new Error(`${name} divides no work`);
  if (part.kind === "split") return { kind: "split", items: await division.split(context.ctx) };
  const { key } = part;
  const items = part.kind === "work" ? part.items : await cutItems(context.ctx, division, { ...part, cache });
  let done = 0;
  if (items.length === 0) return { kind: "worked", items: 0 };
  const claimed = claimItems({ cache, key, items, signal, onDone: () => done++ });
  try {
    await division.work(context.ctx, claimed.items);
  } finally {
    claimed.release();
  }
  return { kind: "worked", items: done };
}

/** The items as whoever cut them first has them. One alone is nothing to share: `run` does it. */
async function cutItems(
  ctx: DivisionContext,
  { split }: Division,
  { cache, key, pace }: { readonly cache: Cache; readonly key: string; readonly pace: Pace },
): Promise<readonly PlacedItem[]> {
  const items = await split(ctx);
  if (items.length < 2) return [];
  const work = await cache.divisions.keep(key, { items, together: itemsTogether(items, pace) });
  return [...work.items.entries()];
}

async function refuseDamage(cache: Cache, task: Task, since: bigint): Promise<void> {
  const sentences = await findDamage(cache, task.inputs, since);
  if (sentences.length > 0) throw new StepError(sentences.join("\n"));
}

/** Whether the sources are still what they were is the engine's to judge: here they are only looked at. */
function lookAtSources(cache: Cache, task: Task, type: StepType): Seen {
  const sources = Object.entries(task.inputs).filter(([, { artifact }]) => artifact === undefined);
  return Object.fromEntries(
    sources.map(([name, { path }]) => [name, sourceFingerprint(cache, path, specOf(type, name))]),
  );
}

function refuseEmpty(folder: string, name: string): void {
  const stat = statSync(folder, { throwIfNoEntry: false });
  // The gate says what is wrong with what is no folder, or one that cannot be read.
  if (!stat?.isDirectory() || (stat.mode & 0o500) !== 0o500) return;
  if (readdirSync(folder).length === 0) throw new StepError(`the step wrote nothing to its output ${name}`);
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === "AbortError");
}
