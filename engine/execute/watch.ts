import type { Cache } from "../cache/cache.ts";
import type { KeyRecord } from "../cache/keys.ts";
import { folderFingerprint } from "../cache/source-files.ts";
import type { Pipeline, Step } from "../document/pipeline.ts";
import type { StepType } from "../step-type.ts";
import type { Watched } from "./task.ts";

/** What a step has made: its outputs, and the store entries these lean on. */
export type Made = Pick<KeyRecord, "outputs" | "leans" | "origin">;

/**
 * What steps are given in a run in which a program is given outputs. A program
 * can write into what it should only read; nothing of that may pass under the
 * old digest, neither to the program's own step nor to any other that reads the
 * same meanwhile, be it under another name: one that is made only later too.
 */
export interface Watch {
  /** What is to be looked at again after a step that takes this output; empty where no program gets any. */
  over(source: { readonly step: string; readonly output: string }, made: Made): readonly Watched[];
}

export function openWatch(pipeline: Pipeline, types: ReadonlyMap<string, StepType>, cache: Cache): Watch {
  const isExposed = pipeline.steps.some((step) => runsPrograms(step, types) && takesOutputs(step));
  const fingerprints = new Map<string, string>();
  // Once, before any program of this run has it.
  const watched = (path: string, name: string): Watched => {
    const known = fingerprints.get(path) ?? folderFingerprint(path) ?? "";
    fingerprints.set(path, known);
    return { path, fingerprint: known, name };
  };
  return {
    over({ step, output }, { outputs, leans }) {
      const digest = outputs[output]?.digest;
      if (!isExposed || digest === undefined) return [];
      const entries = leans.map(({ store, entry }) => cache.stores.path(store, entry));
      return [cache.artifacts.path(digest), ...entries].map((path) => watched(path, `${step}.${output}`));
    },
  };
}

function runsPrograms(step: Step, types: ReadonlyMap<string, StepType>): boolean {
  return types.get(step.uses)?.runsPrograms === true;
}

function takesOutputs(step: Step): boolean {
  return Object.values(step.inputs).some(({ kind }) => kind === "output");
}
