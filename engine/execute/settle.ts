import { posix, resolve } from "node:path";
import type { KeyRecord } from "../cache/keys.ts";
import type { Worked } from "../division.ts";
import type { Failure } from "../failure.ts";
import { changesOf, readSource } from "../inputs.ts";
import { sourceName, specOf } from "../plan/input-spec.ts";
import type { Event, Placement, StepOutcome } from "../record/event.ts";
import { originInputOf } from "../remote/origin.ts";
import type { StepWork } from "./make-task.ts";
import type { Services } from "./services.ts";
import type { Seen, TaskEnd } from "./task.ts";
import type { Made } from "./watch.ts";

export interface StepResult {
  readonly outcome: StepOutcome;
  /** Where the step has a result, its own or a cached one. */
  readonly made?: Made;
  readonly event: Event & { kind: "step-finished" };
}

/** What came of the execution of a step. */
export interface Execution {
  readonly key: string;
  readonly started: Date;
  readonly end: TaskEnd;
  /** What placed it. */
  readonly executor: string;
  /** Whether the run was asked to end at once. */
  readonly killed: boolean;
}

/** Commits what a worker made, or says why not. */
export async function settle(work: StepWork, services: Services, execution: Execution): Promise<StepResult> {
  const { identity, plan } = work;
  const { types, cache, now } = services;
  const { key, started, end, executor, killed } = execution;
  const { step } = plan;
  const seconds = (now().getTime() - started.getTime()) / 1000;
  const { metrics, peakMemory, placement, worked } = end;
  const told = {
    ...{ seconds, metrics, peakMemory, executor },
    ...(placement === undefined ? {} : { placement }),
    ...(worked === undefined ? {} : { worked }),
  };
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
  if (end.kind !== "done") throw new Error(`${step.id} ended as ${end.kind}, without outputs`);
  const changed = await changedSources(work, services, end.seen);
  if (changed.length > 0) {
    const message = `${changed.join(", ")} changed while the step read it; run the same command again`;
    return ended(work, services, { ...told, outcome: "failed", failure: { kind: "step", message } });
  }
  const { outputs, leans, origin } = end;
  const made = { outputs, leans, ...(origin === undefined ? {} : { origin }) };
  const record: KeyRecord = {
    key,
    type: step.uses,
    version: types.get(step.uses)?.version ?? 0,
    params: plan.params,
    inputs: plan.inputs as Readonly<Record<string, string>>,
    ...made,
    metrics,
    run: identity.run,
    at: now().toISOString(),
    seconds,
    peakMemory,
  };
  await cache.keys.commit(record);
  services.remote?.push({ step: step.id, record, ...originInputOf(step, record, identity.root) });
  cache.keys.setLatest(identity.history, step.id, key);
  cache.divisions.remove(key);
  return ended(work, services, { ...told, outcome: "ran", made });
}

/** Paths that are no longer what the key says they were: their new content must not pass under the old digest. */
async function changedSources(
  { identity, plan }: StepWork,
  { types, cache, sources }: Services,
  seen: Seen,
): Promise<readonly string[]> {
  const changed: string[] = [];
  const type = types.get(plan.step.uses);
  for (const [input, source] of Object.entries(plan.step.inputs)) {
    if (source.kind !== "path" || type === undefined) continue;
    const name = sourceName(type, input, source.path);
    const before = sources.get(name);
    // The worker looked when the step had ended: mostly that is all there is to do.
    if (before === undefined || before.fingerprint === seen[input]) continue;
    const now = await readSource(cache, resolve(identity.root, source.path), specOf(type, input));
    const paths = now === undefined || now.missing.length > 0 ? [""] : changesOf(before, now.source);
    if (now !== undefined && paths.length === 0) sources.set(name, now.source);
    if (paths.length > 0) changed.push(shownPaths(source.path, paths));
  }
  return changed;
}

function shownPaths(source: string, [first = "", ...more]: readonly string[]): string {
  const path = first === "" ? source : posix.join(source, first);
  return more.length === 0 ? path : `${path} (and ${more.length} more)`;
}

/** How a step ended, for its event. */
export interface Ended {
  readonly outcome: StepOutcome;
  readonly seconds?: number;
  readonly metrics?: TaskEnd["metrics"];
  readonly peakMemory?: number;
  readonly executor?: string;
  readonly placement?: Placement;
  readonly made?: Made;
  readonly failure?: Failure;
  readonly cached?: NonNullable<StepResult["event"]["cached"]>;
  readonly worked?: Worked;
  readonly remote?: string;
}

export function ended({ plan }: StepWork, { now }: Services, end: Ended): StepResult {
  const { outcome, seconds = 0, metrics = {}, made, worked, ...rest } = end;
  return {
    outcome,
    ...(made ? { made } : {}),
    event: {
      kind: "step-finished",
      at: now().toISOString(),
      step: plan.step.id,
      outcome,
      seconds,
      metrics,
      outputs: made?.outputs ?? {},
      ...(worked === undefined || worked.items === 0
        ? {}
        : { worked: { items: worked.items, seconds: worked.seconds } }),
      ...rest,
    },
  };
}
