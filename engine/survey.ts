import { resolve } from "node:path";
import type { Cache } from "./cache/cache.ts";
import type { Source } from "./cache/sources.ts";
import { treeDigest } from "./cache/tree.ts";
import type { Pipeline } from "./document/pipeline.ts";
import { inputDigest, readSource } from "./inputs.ts";
import type { JsonObject } from "./json.ts";
import { historyName } from "./plan/history-name.ts";
import { sourceName, specOf } from "./plan/input-spec.ts";
import type { Missing, World } from "./plan/plan.ts";
import { requirementsOf } from "./plan/requirements.ts";
import { measuredDigests, whatLacks } from "./requirements.ts";
import { resolver } from "./resolve.ts";
import type { StepType } from "./step-type.ts";

export interface SurveyOptions {
  readonly pipeline: Pipeline;
  readonly types: ReadonlyMap<string, StepType>;
  readonly cache: Cache;
  /** Project root: what relative paths in the pipeline are relative to. */
  readonly root: string;
  /** FLOW_HOME: where required files live. */
  readonly home: string;
  readonly forced: ReadonlySet<string>;
}

/** Sources as they were when they were looked at, by `sourceName`. */
export type SourceStates = Map<string, Source>;

export interface Surveyed {
  readonly world: World;
  readonly sources: SourceStates;
}

/** Looks at everything outside the cache that planning depends on, once. */
export async function survey(options: SurveyOptions): Promise<Surveyed> {
  const { pipeline, types, cache, root, home, forced } = options;
  const sources: SourceStates = new Map();
  const digests = new Map<string, string>();
  const lacking = new Map<string, Missing[]>();
  const measured = new Map<string, JsonObject>();
  for (const step of pipeline.steps) {
    const type = types.get(step.uses);
    const missing: Missing[] = [];
    for (const [input, source] of Object.entries(step.inputs)) {
      if (source.kind !== "path" || type === undefined) continue;
      const name = sourceName(type, input, source.path);
      if (sources.has(name)) continue;
      const found = await readSource(cache, resolve(root, source.path), specOf(type, input));
      if (found === undefined) continue;
      missing.push(...found.missing.map((file) => lacks(source.path, file)));
      const digest = treeDigest(found.source.files);
      await remember(cache, digest, found.source);
      sources.set(name, found.source);
      digests.set(name, digest);
    }
    const requirements = requirementsOf(step, type);
    for (const requirement of requirements) {
      const lack = await whatLacks(requirement, home, cache);
      if (lack) missing.push(lack);
    }
    const found = await measuredDigests(requirements, home, cache);
    if (found !== undefined) measured.set(step.id, found);
    if (missing.length > 0) lacking.set(step.id, missing);
  }
  const world: World = {
    types,
    sources: digests,
    lacking,
    measured,
    forced,
    record: cache.keys.read,
    missing: cache.missing,
    latest(step) {
      // An older flow kept it by the pipeline's name alone.
      const key = cache.keys.latest(historyName(pipeline), step) ?? cache.keys.latest(pipeline.name, step);
      return key === undefined ? undefined : cache.keys.read(key);
    },
    ofType: cache.keys.ofType,
    tree: cache.artifacts.tree,
    inputDigest: (type, input, artifact) => inputDigest(cache, type, input, artifact),
    resolve: resolver(root, cache),
  };
  return { world, sources };
}

/** For later explanations and for the steps that read the source. Planning goes on without: the cache may be read-only. */
async function remember(cache: Cache, digest: string, { files }: Source): Promise<void> {
  try {
    await cache.artifacts.keepTree(digest, files);
  } catch {
    // What a step needs of it is written when the step starts, or fails there.
  }
}

function lacks(source: string, file: string): Missing {
  return { what: file, hint: `${source} needs it, and it is not there` };
}
