import { resolve } from "node:path";
import { treeDigest } from "../../engine/cache/tree.ts";
import { inputDigest, readSource } from "../../engine/inputs.ts";
import type { PredictorRequest } from "../../engine/machine.ts";
import { specOf } from "../../engine/plan/input-spec.ts";
import type { FoundRun } from "../../engine/record/find-run.ts";
import type { StepRecord } from "../../engine/record/run-record.ts";
import { StepError } from "../../engine/step-type.ts";
import { some } from "../../engine/wording.ts";
import { extract } from "../extract/index.ts";

export interface NamedInput {
  /** Absolute. */
  readonly path: string;
  readonly digest: string;
}

/**
 * The network and weights that an extraction had as inputs, where they lie now.
 *
 * @throws StepError where one is gone or has changed, naming its files.
 */
export async function namedInputs(
  step: StepRecord,
  request: Pick<PredictorRequest, "run" | "cache" | "root">,
): Promise<{ readonly [Name in "network" | "weights"]?: NamedInput }> {
  const named: { [Name in "network" | "weights"]?: NamedInput } = {};
  for (const name of ["network", "weights"] as const) {
    const digest = step.inputs[name];
    if (digest === undefined) continue;
    const path = step.sources?.[name];
    named[name] = {
      digest,
      path:
        path === undefined
          ? madeInput(name, digest, request)
          : await unchangedSource(name, { path, digest }, request),
    };
  }
  return named;
}

/** An input that another step had made: in the cache. */
function madeInput(
  name: string,
  digest: string,
  { run, cache }: Pick<PredictorRequest, "run" | "cache">,
): string {
  for (const { outputs } of Object.values(run.record.steps)) {
    for (const output of Object.values(outputs)) {
      if (!cache.artifacts.complete(output.digest)) continue;
      if (inputDigest(cache, extract, name, output.digest) === digest) {
        return cache.artifacts.path(output.digest);
      }
    }
  }
  const isOld = Object.values(run.record.steps).every(({ sources }) => sources === undefined);
  throw new StepError(
    isOld
      ? `the record of ${run.id} does not say where the ${name} lay, as an older flow wrote it; run the pipeline again`
      : `the ${name} is not in the cache any more; ${again(run)}`,
  );
}

/** @throws StepError naming the files that are not what they were. */
async function unchangedSource(
  name: string,
  { path: written, digest }: NamedInput,
  { root, cache, run }: Pick<PredictorRequest, "run" | "cache" | "root">,
): Promise<string> {
  const path = resolve(root, written);
  const found = await readSource(cache, path, specOf(extract, name));
  if (found === undefined)
    throw new StepError(`${written} is gone: the ${name} that ${run.id} was made with`);
  if (found.missing.length > 0) {
    throw new StepError(`${some(found.missing, 3)} of ${written} is gone: ${run.id} was made with it`);
  }
  if (treeDigest(found.source.files) === digest) return path;
  const before = new Map(
    (cache.artifacts.tree(digest) ?? []).map((file) => [file.path, "digest" in file ? file.digest : ""]),
  );
  const changed = found.source.files.filter((file) => before.get(file.path) !== file.digest);
  const files = changed.filter((file) => file.path !== "" && before.size > 0).map((file) => file.path);
  const what = files.length === 0 ? written : `${some(files, 3)} of ${written}`;
  throw new StepError(
    `${what} has changed since ${run.id}: the model knows features of the ${name} as it was; bring that back, or ${again(run).replace("brings it back", "trains anew")}`,
  );
}

/** The sentence that brings back what a run had made. */
export function again({ record }: FoundRun): string {
  return record.file === undefined ? "run the pipeline again" : `\`flow run ${record.file}\` brings it back`;
}
