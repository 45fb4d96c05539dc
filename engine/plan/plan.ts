import type { Executions, KeyRecord } from "../cache/keys.ts";
import type { Tree } from "../cache/tree.ts";
import type { Pipeline, Step } from "../document/pipeline.ts";
import type { Failure } from "../failure.ts";
import type { Json, JsonObject } from "../json.ts";
import type { StepType } from "../step-type.ts";
import { type Candidate, differences } from "./explain.ts";
import { sourceName } from "./input-spec.ts";
import { keyedParams, stepKey } from "./key.ts";
import { topologicalOrder } from "./order.ts";
import type { Reason } from "./reason.ts";
import { requirementsOf, runtimeVersions } from "./requirements.ts";
import { type InputPlace, leftToResolve, type PlannedInput, type Resolution } from "./resolution.ts";

/** The world as planning sees it: answers, no effects. */
export interface World {
  readonly types: ReadonlyMap<string, StepType>;
  /** Digest of a source by its `sourceName`, mostly its path as written; absent where nothing is there. */
  readonly sources: ReadonlyMap<string, string>;
  /** Required files that are missing or not what they should be, by step id. */
  readonly lacking: ReadonlyMap<string, readonly Missing[]>;
  /** Digests of required files that have no fixed one, by step id and name. */
  readonly measured: ReadonlyMap<string, JsonObject>;
  readonly forced: ReadonlySet<string>;
  record(key: string): KeyRecord | undefined;
  /** What of a recorded result is not there any more. */
  missing(record: KeyRecord): string | undefined;
  /** The newest execution of this step of this pipeline. */
  latest(step: string): KeyRecord | undefined;
  /** All executions of a step type. */
  ofType(type: string): Executions;
  tree(digest: string): Tree | undefined;
  /** What an artifact is to the input of a step type: its own digest, or that of the files which are read. */
  inputDigest(type: StepType, input: string, artifact: string): string;
  /** What the parameters of a step come to whose inputs are there. */
  resolve(type: StepType, params: JsonObject, inputs: Readonly<Record<string, PlannedInput>>): Resolution;
}

export interface Missing {
  readonly what: string;
  /** Where to get it and where to put it. */
  readonly hint: string;
  /** By which name `Setups` can bring it. */
  readonly setup?: string;
}

export type StepPlan = {
  /** With its parameters resolved, where its inputs are known. */
  readonly step: Step;
  /** Absent where an input is not known yet. */
  readonly key?: string;
  readonly params: Candidate["params"];
  readonly inputs: Candidate["inputs"];
  /** Of the parameters those that are left to the step type: what they came to, or as written while nobody knows. */
  readonly left: JsonObject;
} & (
  | { readonly state: "cached"; readonly record: KeyRecord }
  | {
      readonly state: "run" | "may-run";
      readonly reasons: readonly Reason[];
      /** Why its parameters cannot be resolved though its inputs are known: with this the step would fail. */
      readonly unresolved?: Failure;
    }
  | {
      readonly state: "blocked";
      readonly missing: readonly Missing[];
      /** Why the step type does not take these parameters with these inputs, as a sentence. */
      readonly refused?: string;
    }
);

/** What a run would do, step by step, in an order in which it could be done. */
export function planPipeline(pipeline: Pipeline, world: World): readonly StepPlan[] {
  const made = new Map<string, Made>();
  return topologicalOrder(pipeline.steps).map((step) => {
    const planned = planStep(step, world, made);
    if (planned.state === "cached") made.set(step.id, planned.record);
    return planned;
  });
}

/** What is known of a step that has its results. */
type Made = Pick<KeyRecord, "outputs">;

/** One step, given what the steps before it made. */
export function planStep(written: Step, world: World, made: ReadonlyMap<string, Made>): StepPlan {
  const type = world.types.get(written.uses);
  if (type === undefined) throw new Error(`no step type ${written.uses}`);
  const { inputs, places, missing } = lookAtInputs(written, type, world, made);
  const resolution = missing.length > 0 ? undefined : resolve(type, written, { inputs, places }, world);
  const step = resolution?.kind === "resolved" ? { ...written, params: resolution.params } : written;
  const measured = world.measured.get(step.id);
  const params = {
    ...keyedParams(type.params, step.params),
    ...runtimeVersions(requirementsOf(written, type)),
    ...(measured === undefined ? {} : { requiredFiles: measured }),
  };
  const left = leftToResolve(type, written.params).map((name) => [name, step.params[name] as Json] as const);
  const planned = { step, params, inputs, left: Object.fromEntries(left) };
  if (missing.length > 0) return { ...planned, state: "blocked", missing };
  if (resolution?.kind === "refused") {
    return { ...planned, state: "blocked", missing: [], refused: resolution.message };
  }

  const open = leftToResolve(type, step.params);
  const candidate: Candidate = { step, version: type.version, params, inputs, open };
  const reasons: Reason[] = world.forced.has(step.id) ? [{ kind: "forced" }] : [];
  if (resolution?.kind === "unreadable") {
    reasons.push({ kind: "result-missing", what: "what an input holds" });
    return { ...planned, state: "run", reasons, unresolved: resolution.failure };
  }
  if (!isComplete(inputs)) {
    reasons.push(...whyRun(candidate, world));
    const state = reasons[0]?.kind !== "forced" && couldBeCached(candidate, world) ? "may-run" : "run";
    return { ...planned, state, reasons };
  }
  const key = stepKey(type, params, inputs);
  const record = world.record(key);
  const lost = record && world.missing(record);
  if (record && !lost && reasons.length === 0) return { ...planned, key, state: "cached", record };
  if (lost) reasons.push({ kind: "result-missing", what: lost });
  if (reasons.length === 0) reasons.push(...whyRun(candidate, world));
  return { ...planned, key, state: "run", reasons };
}

interface FoundInputs {
  readonly inputs: Candidate["inputs"];
  /** Of those whose digests are known. */
  readonly places: Readonly<Record<string, InputPlace>>;
}

function lookAtInputs(
  step: Step,
  type: StepType,
  world: World,
  made: ReadonlyMap<string, Made>,
): FoundInputs & { readonly missing: readonly Missing[] } {
  const inputs: Record<string, string | undefined> = {};
  const places: Record<string, InputPlace> = {};
  const missing: Missing[] = [...(world.lacking.get(step.id) ?? [])];
  for (const [name, source] of Object.entries(step.inputs)) {
    if (source.kind === "output") {
      const artifact = made.get(source.step)?.outputs[source.output]?.digest;
      inputs[name] = artifact && world.inputDigest(type, name, artifact);
      if (artifact !== undefined) places[name] = { kind: "artifact", digest: artifact };
      continue;
    }
    inputs[name] = world.sources.get(sourceName(type, name, source.path));
    places[name] = { kind: "source", path: source.path };
    if (inputs[name] === undefined) {
      missing.push({
        what: source.path,
        hint: source.get ?? `nothing is there; paths are relative to the project root`,
      });
    }
  }
  return { inputs, places, missing };
}

/** Asks the step type, where it has a say and all inputs are known. */
function resolve(
  type: StepType,
  { params }: Step,
  { inputs, places }: FoundInputs,
  world: World,
): Resolution | undefined {
  if (type.resolve === undefined || !isComplete(inputs)) return undefined;
  const known = Object.entries(places).map(([name, place]): [string, PlannedInput] => {
    return [name, { digest: inputs[name] as string, place }];
  });
  return world.resolve(type, params, Object.fromEntries(known));
}

function whyRun(candidate: Candidate, world: World): Reason[] {
  const base = world.latest(candidate.step.id) ?? comparable(candidate, world);
  const reasons: Reason[] = base ? differences(candidate, base, world.tree) : [{ kind: "first-run" }];
  return reasons.length > 0 ? reasons : [{ kind: "result-missing", what: "the key record" }];
}

/** The newest execution of the same step type on the same inputs, under whatever name. Without inputs none is alike. */
function comparable(candidate: Candidate, world: World): KeyRecord | undefined {
  if (Object.keys(candidate.inputs).length === 0 || !isComplete(candidate.inputs)) return undefined;
  return world.ofType(candidate.step.uses).withInputs(candidate.inputs);
}

/** Whether some usable result fits all that is known: then the input to come decides. */
function couldBeCached(candidate: Candidate, world: World): boolean {
  const alike = world.ofType(candidate.step.uses).withParams(candidate.params, candidate.open);
  return alike.some(
    (record) =>
      record.version === candidate.version &&
      sameKnownInputs(record, candidate) &&
      world.missing(record) === undefined,
  );
}

function sameKnownInputs(record: KeyRecord, candidate: Candidate): boolean {
  const names = Object.keys(candidate.inputs);
  return (
    names.length === Object.keys(record.inputs).length &&
    names.every((name) => {
      const digest = candidate.inputs[name];
      return name in record.inputs && (digest === undefined || record.inputs[name] === digest);
    })
  );
}

function isComplete(inputs: Candidate["inputs"]): inputs is Readonly<Record<string, string>> {
  return Object.values(inputs).every((digest) => digest !== undefined);
}
