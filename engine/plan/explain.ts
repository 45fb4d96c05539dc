import type { KeyRecord } from "../cache/keys.ts";
import type { Tree } from "../cache/tree.ts";
import type { Step } from "../document/pipeline.ts";
import { byCodeUnit, canonicalJson, isObject, type Json, type JsonObject, without } from "../json.ts";
import type { PathSample, Reason } from "./reason.ts";

/** What a step would be executed with, to be compared with an earlier execution. */
export interface Candidate {
  readonly step: Step;
  readonly version: number;
  /** Only those that enter the key. */
  readonly params: JsonObject;
  /** Digests; absent where an upstream step has yet to make the input. */
  readonly inputs: Readonly<Record<string, string | undefined>>;
  /** Names of parameters that are resolved only when all inputs are there: until then they differ from nothing. */
  readonly open: readonly string[];
}

/** How a candidate differs from an earlier execution, in the closed set of reasons. */
export function differences(
  candidate: Candidate,
  base: KeyRecord,
  tree: (digest: string) => Tree | undefined,
): Reason[] {
  const reasons: Reason[] = [];
  if (base.version !== candidate.version) {
    reasons.push({ kind: "version-changed", old: base.version, new: candidate.version });
  }
  const { open, step } = candidate;
  paramChanges(without(base.params, open), without(candidate.params, open), "", step.lines, reasons);
  const names = new Set([...Object.keys(base.inputs), ...Object.keys(candidate.inputs)]);
  for (const input of [...names].sort(byCodeUnit)) {
    const old = base.inputs[input];
    const now = candidate.inputs[input];
    const source = step.inputs[input];
    if (now === undefined && source?.kind === "output") reasons.push({ kind: "upstream", step: source.step });
    else if (now !== old) reasons.push(inputChange(input, old && tree(old), now && tree(now)));
  }
  return reasons;
}

function paramChanges(
  old: Json | undefined,
  now: Json | undefined,
  path: string,
  lines: Readonly<Record<string, number>>,
  reasons: Reason[],
): void {
  if (isObject(old) && isObject(now)) {
    const names = new Set([...Object.keys(old), ...Object.keys(now)]);
    for (const name of [...names].sort(byCodeUnit)) {
      paramChanges(old[name], now[name], path === "" ? name : `${path}.${name}`, lines, reasons);
    }
    return;
  }
  if (old !== undefined && now !== undefined && canonicalJson(old) === canonicalJson(now)) return;
  if (Array.isArray(old) && Array.isArray(now) && old.length === now.length) {
    for (const at of now.keys()) paramChanges(old[at], now[at], `${path}.${at}`, lines, reasons);
    return;
  }
  const line = lines[path];
  reasons.push({
    kind: "param-changed",
    path,
    ...(old === undefined ? {} : { old }),
    ...(now === undefined ? {} : { new: now }),
    ...(line === undefined ? {} : { line }),
  });
}

function inputChange(input: string, old: Tree | undefined | "", now: Tree | undefined | ""): Reason {
  const before = digestsByPath(old || []);
  const after = digestsByPath(now || []);
  const added = [...after.keys()].filter((path) => !before.has(path));
  const removed = [...before.keys()].filter((path) => !after.has(path));
  const changed = [...after].filter(([path, digest]) => before.has(path) && before.get(path) !== digest);
  return {
    kind: "input-changed",
    input,
    added: sample(added),
    removed: sample(removed),
    changed: sample(changed.map(([path]) => path)),
  };
}

function digestsByPath(tree: Tree): ReadonlyMap<string, string> {
  return new Map(tree.map((entry) => [entry.path, "folder" in entry ? "folder" : entry.digest]));
}

function sample(paths: readonly string[]): PathSample {
  return { count: paths.length, paths: [...paths].sort(byCodeUnit).slice(0, 10) };
}
