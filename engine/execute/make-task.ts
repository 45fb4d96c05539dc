import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Cache } from "../cache/cache.ts";
import type { Origin } from "../cache/keys.ts";
import { sourceName } from "../plan/input-spec.ts";
import type { StepPlan } from "../plan/plan.ts";
import { StepError } from "../step-type.ts";
import type { RunIdentity, Services } from "./services.ts";
import type { Task, TaskInput } from "./task.ts";
import type { Made, Watch } from "./watch.ts";

/** A step whose inputs are all known. */
export interface StepWork {
  readonly identity: RunIdentity;
  readonly plan: StepPlan;
  /** By all steps that have finished. */
  readonly made: ReadonlyMap<string, Made>;
  readonly watch: Watch;
}

/** What a worker needs to know of a step whose inputs are all known. */
export async function makeTask(work: StepWork, services: Services): Promise<Task> {
  const { identity, plan } = work;
  await keepLists(work, services);
  return {
    step: plan.step.id,
    type: plan.step.uses,
    params: plan.step.params,
    inputs: inputsOf(work, services),
    root: identity.root,
    home: identity.home,
    runs: identity.runs,
    cache: services.cache.folder,
    log: services.logFile(plan.step.id),
    // What is made anew by force must not be made of what is damaged.
    entries: isForced(plan) ? "by-content" : "by-size",
  };
}

export function isForced(plan: StepPlan): boolean {
  return "reasons" in plan && plan.reasons.some(({ kind }) => kind === "forced");
}

/** The lists of what a step reads. The survey goes on where it cannot keep them; a step cannot. */
async function keepLists({ plan }: StepWork, { types, cache, sources }: Services): Promise<void> {
  const type = types.get(plan.step.uses);
  for (const [input, source] of Object.entries(plan.step.inputs)) {
    if (source.kind !== "path" || type === undefined) continue;
    const found = sources.get(sourceName(type, input, source.path));
    const digest = plan.inputs[input];
    if (found !== undefined && digest !== undefined) await cache.artifacts.keepTree(digest, found.files);
  }
}

function inputsOf({ identity, plan, made, watch }: StepWork, { cache }: Services): Record<string, TaskInput> {
  const inputs: Record<string, TaskInput> = {};
  for (const [name, source] of Object.entries(plan.step.inputs)) {
    const digest = plan.inputs[name];
    if (digest === undefined) throw new Error(`input ${name} of ${plan.step.id} is not known`);
    if (source.kind === "path") {
      inputs[name] = { path: resolve(identity.root, source.path), digest, notes: [] };
      continue;
    }
    const before = made.get(source.step);
    const output = before?.outputs[source.output];
    if (before === undefined || output === undefined) {
      throw new Error(`${source.step} has finished without ${source.output}`);
    }
    const path = cache.artifacts.path(output.digest);
    if (!existsSync(path)) {
      throw new StepError(
        `${source.step}.${source.output} was taken out of the cache; run the same command again`,
      );
    }
    const watched = watch.over(source, before);
    const origin = before.origin && { origin: originPath(before.origin, cache) };
    inputs[name] = { path, digest, artifact: output.digest, notes: output.notes, watched, ...origin };
  }
  return inputs;
}

function originPath(origin: Origin, cache: Cache): string {
  return origin.kind === "folder" ? origin.path : cache.artifacts.path(origin.digest);
}
