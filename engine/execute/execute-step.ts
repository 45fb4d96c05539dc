import { resolve } from "node:path";
import type { KeyRecord } from "../cache/keys.ts";
import { treeDigest } from "../cache/tree.ts";
import type { Step } from "../document/pipeline.ts";
import { readSource } from "../inputs.ts";
import { specOf } from "../plan/input-spec.ts";
import type { StepPlan } from "../plan/plan.ts";
import type { Event, StepFailure, StepOutcome } from "../record/event.ts";
import type { RunOptions } from "./run.ts";
import type { Placed, TaskEnd, TaskInput } from "./task.ts";

export interface StepOptions extends RunOptions {
  readonly step: Step;
  readonly plan: StepPlan;
  /** Of all steps that have finished. */
  readonly outputs: ReadonlyMap<string, KeyRecord["outputs"]>;
  /** Workers at work, for Ctrl-C. */
  readonly placed: Set<Placed>;
}

export interface StepResult {
  readonly outcome: StepOutcome;
  /** Where the step has a result, its own or a cached one. */
  readonly outputs?: KeyRecord["outputs"];
  readonly event: Event & { kind: "step-finished" };
}

/** Brings about the result of one step whose inputs are all known: from the cache, or by a worker. */
export async function executeStep(options: StepOptions): Promise<StepResult> {
  const { step, plan, cache, stop, emit, now } = options;
  if (plan.state === "cached") return useCached(options, plan.record);
  if (plan.state === "blocked") {
    const lacks = plan.missing.map(({ what, hint }) => `${what} is missing: ${hint}`);
    return ended(options, { outcome: "failed", failure: { kind: "step", message: lacks.join("\n") } });
  }
  const { key, inputs } = plan;
  if (key === undefined) throw new Error(`${step.id} was started before its inputs were known`);

  let release: (() => void) | undefined;
  try {
    release = await cache.lock(key, {
      signal: stop,
      onWait: (owner) => emit({ kind: "step-waiting", at: now().toISOString(), step: step.id, owner }),
    });
  } catch (error) {
    if (stop.aborted) return ended(options, { outcome: "interrupted" });
    throw error;
  }
  try {
    const other = cache.keys.read(key);
    const forced = plan.reasons.some((reason) => reason.kind === "forced");
    if (other && !forced && cache.missing(other) === undefined) return useCached(options, other);
    const started = now();
    emit({
      kind: "step-started",
      at: started.toISOString(),
      step: step.id,
      key,
      inputs: inputs as Readonly<Record<string, string>>,
      reasons: plan.reasons,
    });
    const end = await place(options);
    return await settle(options, { key, started, end });
  } finally {
    release();
  }
}

function useCached(options: StepOptions, record: KeyRecord): StepResult {
  const { step, cache, pipeline } = options;
  if (cache.keys.latest(pipeline.name, step.id) !== record.key) {
    cache.keys.setLatest(pipeline.name, step.id, record.key);
  }
  return ended(options, {
    outcome: "cached",
    outputs: record.outputs,
    metrics: record.metrics,
    cached: { key: record.key, inputs: record.inputs, run: record.run },
  });
}

async function place(options: StepOptions): Promise<TaskEnd> {
  const { step, root, home, cache, executor, placed, emit, now } = options;
  const task = {
    step: step.id,
    type: step.uses,
    params: step.params,
    inputs: taskInputs(options),
    root,
    home,
  };
  const worker = executor.start(
    { ...task, cache: cache.folder },
    {
      log: options.logFile(step.id),
      report(report) {
        const at = now().toISOString();
        if (report.kind === "log") emit({ kind: "step-log", at, step: step.id, line: report.line });
        else emit({ kind: "step-progress", at, step: step.id, progress: report.progress });
      },
    },
  );
  placed.add(worker);
  // Between the last look at the signals and now, Ctrl-C may have come.
  if (options.stop.aborted) worker.stop();
  if (options.kill.aborted) worker.kill();
  const end = await worker.end;
  placed.delete(worker);
  return end;
}

function taskInputs({ step, plan, root, cache, outputs }: StepOptions): Record<string, TaskInput> {
  const inputs: Record<string, TaskInput> = {};
  for (const [name, source] of Object.entries(step.inputs)) {
    const digest = plan.inputs[name];
    if (digest === undefined) throw new Error(`input ${name} of ${step.id} is not known`);
    if (source.kind === "path") {
      inputs[name] = { path: resolve(root, source.path), digest, notes: [] };
      continue;
    }
    const output = outputs.get(source.step)?.[source.output];
    if (output === undefined) throw new Error(`${source.step} has finished without ${source.output}`);
    const path = cache.artifacts.path(output.digest);
    inputs[name] = { path, digest, artifact: output.digest, notes: output.notes };
  }
  return inputs;
}

interface Execution {
  readonly key: string;
  readonly started: Date;
  readonly end: TaskEnd;
}

/** Commits what a worker made, or says why not. */
async function settle(options: StepOptions, { key, started, end }: Execution): Promise<StepResult> {
  const { step, plan, types, cache, pipeline, now } = options;
  const seconds = (now().getTime() - started.getTime()) / 1000;
  const { metrics, peakMemory } = end;
  const told = { seconds, metrics, peakMemory };
  if (end.kind === "interrupted") return ended(options, { ...told, outcome: "interrupted" });
  if (end.kind === "failed") {
    // A killed worker is what the second Ctrl-C asked for.
    if (options.kill.aborted && end.failure.kind === "worker") {
      return ended(options, { ...told, outcome: "interrupted" });
    }
    return ended(options, { ...told, outcome: "failed", failure: end.failure });
  }
  const changed = await changedSources(options);
  if (changed.length > 0) {
    const message = `${changed.join(", ")} changed while the step read it; run the same command again`;
    return ended(options, { ...told, outcome: "failed", failure: { kind: "step", message } });
  }
  const version = types.get(step.uses)?.version ?? 0;
  const { outputs, leans } = end;
  const inputs = plan.inputs as Readonly<Record<string, string>>;
  await cache.keys.commit({
    ...{ key, type: step.uses, version, params: plan.params, inputs, outputs, metrics, leans },
    ...{ run: options.run, at: now().toISOString(), seconds, peakMemory },
  });
  cache.keys.setLatest(pipeline.name, step.id, key);
  return ended(options, { ...told, outcome: "ran", outputs });
}

/** Paths that are no longer what the key says they were: their new content must not pass under the old digest. */
async function changedSources({ step, plan, root, cache, types }: StepOptions): Promise<string[]> {
  const changed: string[] = [];
  const type = types.get(step.uses);
  for (const [name, source] of Object.entries(step.inputs)) {
    if (source.kind !== "path") continue;
    const found = await readSource(cache, resolve(root, source.path), type && specOf(type, name));
    if (found === undefined || treeDigest(found.tree) !== plan.inputs[name]) changed.push(source.path);
  }
  return changed;
}

interface Ended {
  readonly outcome: StepOutcome;
  readonly seconds?: number;
  readonly metrics?: TaskEnd["metrics"];
  readonly peakMemory?: number;
  readonly outputs?: KeyRecord["outputs"];
  readonly failure?: StepFailure;
  readonly cached?: NonNullable<StepResult["event"]["cached"]>;
}

function ended({ step, now }: StepOptions, end: Ended): StepResult {
  const { outcome, seconds = 0, metrics = {}, outputs, ...rest } = end;
  return {
    outcome,
    ...(outputs ? { outputs } : {}),
    event: {
      kind: "step-finished",
      at: now().toISOString(),
      step: step.id,
      ...{ outcome, seconds, metrics, outputs: outputs ?? {} },
      ...rest,
    },
  };
}
