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
 * the program's own step nor to any other that reads the same meanwhile, be it
 * under another name.
 */
export interface Watch {
  /** Tells of a step that has its result. */
  made(step: string, made: Made): void;
  /** What is to be looked at again after a step that takes this input; empty where no program gets it. */
  over(source: { readonly step: string; readonly output: string }, made: Made): readonly Watched[];
}

export function openWatch(pipeline: Pipeline, types: ReadonlyMap<string, StepType>, cache: Cache): Watch {
  const given = new Set(pipeline.steps.filter((step) => runsPrograms(step, types)).flatMap(outputsTaken));
  /** Folders of the cache that programs of this run get. */
  const exposed = new Set<string>();
  const fingerprints = new Map<string, string>();
  // Once, before any program of this run has it.
  const watched = (path: string, name: string): Watched => {
    const known = fingerprints.get(path) ?? folderFingerprint(path) ?? "";
    fingerprints.set(path, known);
    return { path, fingerprint: known, name };
  };
  const foldersOf = (output: string, { outputs, leans }: Made): readonly string[] => {
    const digest = outputs[output]?.digest;
    if (digest === undefined) return [];
    return [
      cache.artifacts.path(digest),
      ...leans.map(({ store, entry }) => cache.stores.path(store, entry)),
    ];
  };
  return {
    made(step, made) {
      for (const output of Object.keys(made.outputs)) {
        if (!given.has(`${step}.${output}`)) continue;
        for (const folder of foldersOf(output, made)) exposed.add(folder);
      }
    },
    over({ step, output }, made) {
      if (exposed.size === 0) return [];
      const folders = foldersOf(output, made).filter((folder) => exposed.has(folder));
      return folders.map((folder) => watched(folder, `${step}.${output}`));
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
