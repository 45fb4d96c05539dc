import { resolve } from "node:path";
import type { Cache } from "./cache/cache.ts";
import type { Task } from "./execute/task.ts";
import { describeFailure, type Failure } from "./failure.ts";
import type { JsonObject } from "./json.ts";
import type { InputToLookAt } from "./known-input.ts";
import { stepKey } from "./plan/key.ts";
import type { World } from "./plan/plan.ts";
import { type InputPlace, leftToResolve, type PlannedInput, type Resolution } from "./plan/resolution.ts";
import { StepError, type StepType } from "./step-type.ts";

type Inputs = Readonly<Record<string, PlannedInput>>;

/** Has step types resolve parameters; the same parameters and inputs once, for a run plans every step twice. */
export function resolver(root: string, cache: Cache): World["resolve"] {
  const known = new Map<string, Resolution>();
  return (type, params, inputs) => {
    const digests = Object.entries(inputs).map(([name, { digest }]) => [name, digest]);
    const name = stepKey(type, params, Object.fromEntries(digests));
    const resolution = known.get(name) ?? resolveOnce(type, params, inputs, { root, cache });
    // What could not be read may be there the next time.
    if (resolution.kind === "resolved") known.set(name, resolution);
    return resolution;
  };
}

/** Inputs of a step that are there, as its type may look into them. */
export function inputsToLookAt(
  inputs: Task["inputs"],
  type: StepType,
  places: Places,
): Readonly<Record<string, InputToLookAt>> {
  const known = Object.entries(inputs).map(([name, { path, digest, artifact }]) => {
    const place: InputPlace =
      artifact === undefined ? { kind: "source", path } : { kind: "artifact", digest: artifact };
    return [name, toLookAt({ digest, place }, type, places)] as const;
  });
  return Object.fromEntries(known);
}

interface Places {
  readonly root: string;
  readonly cache: Cache;
}

function resolveOnce(type: StepType, params: JsonObject, inputs: Inputs, places: Places): Resolution {
  const there = Object.entries(inputs).map(([name, input]) => [name, toLookAt(input, type, places)] as const);
  let resolved: JsonObject;
  try {
    resolved = type.resolve?.(params, Object.fromEntries(there)) ?? params;
  } catch (error) {
    const { cache } = places;
    const lost = Object.entries(inputs).find(([, { place }]) => isLost(place, cache));
    if (lost !== undefined) return { kind: "unreadable", failure: tellLost(lost[0]) };
    if (error instanceof StepError) return { kind: "refused", message: error.message };
    const failure = describeFailure(error, [cache.folder]);
    if (failure.kind === "bug") throw error;
    return { kind: "unreadable", failure };
  }
  const left = leftToResolve(type, resolved);
  if (left.length > 0) throw new Error(`${type.name} leaves ${left.join(", ")} unresolved`);
  return { kind: "resolved", params: resolved };
}

function toLookAt({ digest, place }: PlannedInput, type: StepType, { root, cache }: Places): InputToLookAt {
  if (place.kind === "source") {
    // It may be another by now than what was hashed: what is found out now is for now alone.
    return { path: resolve(root, place.path), digest, recall: (_name, find) => find() };
  }
  return {
    path: cache.artifacts.path(place.digest),
    digest,
    recall: (name, find) => cache.notes.recall(place.digest, `${type.name}: ${name}`, find),
  };
}

/** Whether something of an artifact is gone: what a step type says then is not about the user's parameters. */
function isLost(place: InputPlace, cache: Cache): boolean {
  return place.kind === "artifact" && !cache.artifacts.complete(place.digest);
}

function tellLost(input: string): Failure {
  return {
    kind: "step",
    message: `the input ${input} was taken out of the cache; run the same command again`,
  };
}
