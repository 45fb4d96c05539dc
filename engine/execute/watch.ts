import type { Cache } from "../cache/cache.ts";
import type { KeyRecord } from "../cache/keys.ts";
import { folderFingerprint } from "../cache/source-files.ts";
import type { Pipeline, Step } from "../document/pipeline.ts";
import type { StepType } from "../step-type.ts";
import type { Watched } from "./task.ts";

/** What a step has made: its outputs, and the store entries these lean on. */
export type Made = Pick<KeyRecord, "outputs" | "leans">;

/**
 * Outputs that programs are given in a run. A program can write into what it
 * should only read; nothing of that may pass under the old digest, neither to
 * the program's own step nor to any other that reads the same meanwhile.
 */
export interface Watch {
  /** What is to be looked at again after a step that takes this input; empty where no program gets it. */
  over(source: { readonly step: string; readonly output: string }, made: Made): readonly Watched[];
}

export function openWatch(pipeline: Pipeline, types: ReadonlyMap<string, StepType>, cache: Cache): Watch {
  const given = new Set(pipeline.steps.filter((step) => runsPrograms(step, types)).flatMap(outputsTaken));
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
      const name = `${step}.${output}`;
      if (!given.has(name) || digest === undefined) return [];
      return [
        watched(cache.artifacts.path(digest), name),
        ...leans.map(({ store, entry }) => watched(cache.stores.path(store, entry), name)),
      ];
    },
  };
}

function runsPrograms(step: Step, types: ReadonlyMap<string, StepType>): boolean {
  return types.get(step.uses)?.runsPrograms === true;
}

function outputsTaken(step: Step): readonly string[] {
  return Object.values(step.inputs).flatMap((source) =>
    source.kind === "output" ? [`${source.step}.${source.output}`] : [],
  );
}
