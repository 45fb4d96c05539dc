import type { Cache } from "../cache/cache.ts";
import type { KeyRecord } from "../cache/keys.ts";
import type { Worked } from "../division.ts";
import { outlookOf } from "../outlook.ts";
import type { Placement } from "../record/event.ts";
import { folderOfInput } from "../remote/origin.ts";
import { inputsToLookAt } from "../resolve.ts";
import type { Outlook, StepType } from "../step-type.ts";
import { findDamage } from "./damage.ts";
import { isForced, makeTask, type StepWork } from "./make-task.ts";
import type { Services } from "./services.ts";
import { ended, type StepResult, settle } from "./settle.ts";
import { placementOf, shareWork, withShared } from "./share-work.ts";
import type { Task, TaskEnd } from "./task.ts";
import type { Tasks } from "./tasks.ts";

/** Brings about the result of one step: from the cache, or by a worker. */
export async function executeStep(work: StepWork, services: Services, tasks: Tasks): Promise<StepResult> {
  const { plan } = work;
  const { types, cache, emit, now } = services;
  const { stop } = tasks.signals;
  if (plan.state === "cached") return useCached(work, services, plan.record);
  if (plan.state === "blocked") {
    const lacks = plan.missing.map(({ what, hint }) => `${what} is missing: ${hint}`);
    const message = [...lacks, ...(plan.refused === undefined ? [] : [plan.refused])].join("\n");
    return ended(work, services, { outcome: "failed", failure: { kind: "step", message } });
  }
  const { key, step, inputs, unresolved } = plan;
  if (unresolved !== undefined) return ended(work, services, { outcome: "failed", failure: unresolved });
  if (key === undefined) throw new Error(`${step.id} was started before its inputs were known`);

  const taken = async (): Promise<(() => void) | undefined> => {
    try {
      return await cache.lock(key, {
        signal: stop,
        onWait: (owner) => emit({ kind: "step-waiting", at: now().toISOString(), step: step.id, owner }),
      });
    } catch (error) {
      if (stop.aborted) return undefined;
      throw error;
    }
  };
  const there = (): KeyRecord | undefined => {
    const other = cache.keys.read(key);
    // Of two steps of one key both may be forced: the result of this run is new enough.
    const isAnew = other?.run === work.identity.run || !isForced(plan);
    return other && isAnew && cache.missing(other) === undefined ? other : undefined;
  };
  let release = await taken();
  if (release === undefined) return ended(work, services, { outcome: "interrupted" });
  try {
    const known = there();
    if (known !== undefined) return useCached(work, services, known);
    const fetched = isForced(plan) ? undefined : await fetchResult(work, services, key);
    if (fetched !== undefined) return useCached(work, services, fetched, { remote: services.remote?.name });
    const started = now();
    const type = types.get(step.uses);
    const task = await makeTask(work, services);
    const outlook = await outlookOf({ type, plan, inputs: task.inputs, cache });
    emit({
      kind: "step-started",
      at: started.toISOString(),
      step: step.id,
      key,
      params: step.params,
      inputs: inputs as Readonly<Record<string, string>>,
      reasons: plan.reasons,
      ...(outlook === undefined ? {} : { outlook }),
    });
    const execution = { key, started, executor: tasks.executor.name };
    const settled = (end: TaskEnd): Promise<StepResult> =>
      settle(work, services, { ...execution, end, killed: tasks.signals.kill.aborted });
    if (isForced(plan) || type === undefined || !isWorthDividing(work, services, { type, task, outlook })) {
      return await settled(await withDamage(await dispatch(task, services, tasks), task, cache));
    }
    // Whoever has the same key takes part: it is locked where the outputs are made.
    release();
    const shared = await shareWork({ task, key, outlook }, services, tasks);
    if (shared.end !== undefined) return await settled(shared.end);
    release = await taken();
    if (release === undefined) return await settled({ kind: "interrupted", metrics: {}, peakMemory: 0 });
    const others = there();
    if (others !== undefined) {
      cache.divisions.remove(key);
      const { name: executor } = tasks.executor;
      return useCached(work, services, others, { worked: shared.worked, executor, ...placementOf(shared) });
    }
    const end = await dispatch({ ...task, worked: shared.worked }, services, tasks);
    return await settled(withShared(await withDamage(end, task, cache), shared));
  } finally {
    release?.();
  }
}

function isWorthDividing(
  { identity, plan }: StepWork,
  { cache }: Services,
  { type, task, outlook }: { type: StepType; task: Task; outlook: Outlook | undefined },
): boolean {
  if (type.division === undefined) return false;
  const inputs = inputsToLookAt(task.inputs, type, { root: identity.root, cache });
  return type.division.isWorthIt({ params: plan.step.params, inputs, outlook });
}

/** Looks whether others have made it, where their results can be had. */
async function fetchResult(
  { plan, identity }: StepWork,
  { remote, emit, now }: Services,
  key: string,
): Promise<KeyRecord | undefined> {
  const { step } = plan;
  return remote?.fetch({
    ...{ key, step: step.id },
    folderOf: (input) => folderOfInput(step, input, identity.root),
    onProgress: (bytes, all) => {
      const [done, total] = [Math.round(bytes / 1e6), Math.round(all / 1e6)];
      const progress = { done, total, unit: "MB", detail: `from ${remote.name}` };
      emit({ kind: "step-progress", at: now().toISOString(), step: step.id, progress });
    },
  });
}

interface HowCached {
  /** What this run did of it, where another made the outputs. */
  readonly worked?: Worked;
  /** Where it was fetched from. */
  readonly remote?: string | undefined;
  /** What placed the parts that this run did, and where. */
  readonly executor?: string;
  readonly placement?: Placement;
}

function useCached(
  work: StepWork,
  services: Services,
  record: KeyRecord,
  { remote, ...how }: HowCached = {},
): StepResult {
  const { identity, plan } = work;
  const { keys } = services.cache;
  if (keys.latest(identity.history, plan.step.id) !== record.key) {
    keys.setLatest(identity.history, plan.step.id, record.key);
  }
  return ended(work, services, {
    outcome: "cached",
    made: record,
    metrics: record.metrics,
    ...how,
    ...(remote === undefined ? {} : { remote }),
    cached: { key: record.key, params: plan.step.params, inputs: record.inputs, run: record.run },
  });
}

function dispatch(task: Task, { emit, now }: Services, tasks: Tasks): Promise<TaskEnd> {
  return tasks.execute(task, {
    update: ({ progress }) =>
      emit({ kind: "step-progress", at: now().toISOString(), step: task.step, progress }),
  });
}

/** A worker that died did not look again at what its program was given. */
async function withDamage(end: TaskEnd, { inputs }: Task, cache: Cache): Promise<TaskEnd> {
  if (end.kind !== "failed" || end.failure.kind !== "worker") return end;
  const sentences = await findDamage(cache, inputs);
  const message = [end.failure.message, ...sentences].join("\n");
  return { ...end, failure: { ...end.failure, message } };
}
