import { resolve } from "node:path";
import type { KeyRecord } from "../cache/keys.ts";
import { treeDigest } from "../cache/tree.ts";
import type { Failure } from "../failure.ts";
import { readSource } from "../inputs.ts";
import { specOf } from "../plan/input-spec.ts";
import type { StepPlan } from "../plan/plan.ts";
import type { Event, StepOutcome } from "../record/event.ts";
import type { RunIdentity, Services } from "./services.ts";
import type { TaskEnd, TaskInput } from "./task.ts";
import type { Tasks } from "./tasks.ts";

/** A step whose inputs are all known. */
export interface StepWork {
  readonly identity: RunIdentity;
  readonly plan: StepPlan;
  /** Of all steps that have finished. */
  readonly outputs: ReadonlyMap<string, KeyRecord["outputs"]>;
}

export interface StepResult {
  readonly outcome: StepOutcome;
  /** Where the step has a result, its own or a cached one. */
  readonly outputs?: KeyRecord["outputs"];
  readonly event: Event & { kind: "step-finished" };
}

/** Brings about the result of one step: from the cache, or by a worker. */
export async function executeStep(work: StepWork, services: Services, tasks: Tasks): Promise<StepResult> {
  const { plan } = work;
  const { cache, emit, now } = services;
  const { stop } = tasks.signals;
  if (plan.state === "cached") return useCached(work, services, plan.record);
  if (plan.state === "blocked") {
    const lacks = plan.missing.map(({ what, hint }) => `${what} is missing: ${hint}`);
    return ended(work, services, {
      outcome: "failed",
      failure: { kind: "step", message: lacks.join("\n") },
    });
  }
  const { key, step, inputs } = plan;
  if (key === undefined) throw new Error(`${step.id} was started before its inputs were known`);

  let release: (() => void) | undefined;
  try {
    release = await cache.lock(key, {
      signal: stop,
      onWait: (owner) => emit({ kind: "step-waiting", at: now().toISOString(), step: step.id, owner }),
    });
  } catch (error) {
    if (stop.aborted) return ended(work, services, { outcome: "interrupted" });
    throw error;
  }
  try {
    const other = cache.keys.read(key);
    const forced = plan.reasons.some((reason) => reason.kind === "forced");
    if (other && !forced && cache.missing(other) === undefined) return useCached(work, services, other);
    const started = now();
    emit({
      kind: "step-started",
      at: started.toISOString(),
      step: step.id,
      key,
      inputs: inputs as Readonly<Record<string, string>>,
      reasons: plan.reasons,
    });
    const end = await dispatch(work, services, tasks);
    return await settle(work, services, { key, started, end, killed: tasks.signals.kill.aborted });
  } finally {
    release();
  }
}

function useCached(work: StepWork, services: Services, record: KeyRecord): StepResult {
  const { identity, plan } = work;
  const { keys } = services.cache;
  if (keys.latest(identity.pipeline, plan.step.id) !== record.key) {
    keys.setLatest(identity.pipeline, plan.step.id, record.key);
  }
  return ended(work, services, {
    outcome: "cached",
    outputs: record.outputs,
    metrics: record.metrics,
    cached: { key: record.key, inputs: record.inputs, run: record.run },
  });
}

function dispatch(work: StepWork, services: Services, tasks: Tasks): Promise<TaskEnd> {
  const { step } = work.plan;
  const { cache, emit, now, logFile } = services;
  const task = {
    step: step.id,
    type: step.uses,
    params: step.params,
    inputs: taskInputs(work, services),
    root: work.identity.root,
    home: work.identity.home,
    cache: cache.folder,
  };
  return tasks.execute(task, {
    log: logFile(step.id),
    update(update) {
      const at = now().toISOString();
      if (update.kind === "log") emit({ kind: "step-log", at, step: step.id, line: update.line });
      else emit({ kind: "step-progress", at, step: step.id, progress: update.progress });
    },
  });
}

function taskInputs({ identity, plan, outputs }: StepWork, { cache }: Services): Record<string, TaskInput> {
  const inputs: Record<string, TaskInput> = {};
  for (const [name, source] of Object.entries(plan.step.inputs)) {
    const digest = plan.inputs[name];
    if (digest === undefined) throw new Error(`input ${name} of ${plan.step.id} is not known`);
    if (source.kind === "path") {
      inputs[name] = { path: resolve(identity.root, source.path), digest, notes: [] };
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
  /** Whether the run was asked to end at once. */
  readonly killed: boolean;
}

/** Commits what a worker made, or says why not. */
async function settle(work: StepWork, services: Services, execution: Execution): Promise<StepResult> {
  const { identity, plan } = work;
  const { types, cache, now } = services;
  const { key, started, end, killed } = execution;
  const { step } = plan;
  const seconds = (now().getTime() - started.getTime()) / 1000;
  const { metrics, peakMemory } = end;
  const told = { seconds, metrics, peakMemory };
  if (end.kind === "interrupted") return ended(work, services, { ...told, outcome: "interrupted" });
  if (end.kind === "failed") {
    // A killed worker is what the second Ctrl-C asked for.
    const outcome = killed && end.failure.kind === "worker" ? "interrupted" : "failed";
    return ended(work, services, {
      ...told,
      outcome,
      ...(outcome === "failed" ? { failure: end.failure } : {}),
    });
  }
  const changed = await changedSources(work, services);
  if (changed.length > 0) {
    const message = `${changed.join(", ")} changed while the step read it; run the same command again`;
    return ended(work, services, { ...told, outcome: "failed", failure: { kind: "step", message } });
  }
  const { outputs, leans } = end;
  await cache.keys.commit({
    key,
    type: step.uses,
    version: types.get(step.uses)?.version ?? 0,
    params: plan.params,
    inputs: plan.inputs as Readonly<Record<string, string>>,
    outputs,
    metrics,
    leans,
    run: identity.run,
    at: now().toISOString(),
    seconds,
    peakMemory,
  });
  cache.keys.setLatest(identity.pipeline, step.id, key);
  return ended(work, services, { ...told, outcome: "ran", outputs });
}

/** Paths that are no longer what the key says they were: their new content must not pass under the old digest. */
async function changedSources(
  { identity, plan }: StepWork,
  { types, cache }: Services,
): Promise<readonly string[]> {
  const changed: string[] = [];
  const type = types.get(plan.step.uses);
  for (const [name, source] of Object.entries(plan.step.inputs)) {
    if (source.kind !== "path") continue;
    const found = await readSource(cache, resolve(identity.root, source.path), type && specOf(type, name));
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
  readonly failure?: Failure;
  readonly cached?: NonNullable<StepResult["event"]["cached"]>;
}

function ended({ plan }: StepWork, { now }: Services, end: Ended): StepResult {
  const { outcome, seconds = 0, metrics = {}, outputs, ...rest } = end;
  return {
    outcome,
    ...(outputs ? { outputs } : {}),
    event: {
      kind: "step-finished",
      at: now().toISOString(),
      step: plan.step.id,
      outcome,
      seconds,
      metrics,
      outputs: outputs ?? {},
      ...rest,
    },
  };
}
