import { statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Cache } from "../cache/cache.ts";
import type { Origin } from "../cache/keys.ts";
import { readonlyStore } from "../cache/readonly-store.ts";
import { nothingWorked } from "../division.ts";
import { artifactFiles, inputFiles } from "../inputs.ts";
import { byCodeUnit, type Json } from "../json.ts";
import { addTo } from "../lists.ts";
import { specOf } from "../plan/input-spec.ts";
import { requirementsOf } from "../plan/requirements.ts";
import { CacheError, type InputFile, type StepContext, type StepInput, type StepType } from "../step-type.ts";
import { openStore } from "./open-store.ts";
import type { StepLog } from "./step-log.ts";
import type { Task, TaskUpdate } from "./task.ts";

export interface ContextOptions {
  readonly task: Task;
  readonly type: StepType;
  readonly cache: Cache;
  /** An empty folder for the outputs. */
  readonly staging: string;
  readonly log: StepLog;
  readonly signal: AbortSignal;
  update(update: TaskUpdate): void;
}

/** What a step sees, and what it said through it. */
export interface OpenContext {
  readonly ctx: StepContext;
  readonly metrics: Readonly<Record<string, Json>>;
  /** Of an output: those of all inputs, then its own; each once. */
  notes(output: string): readonly string[];
  leans(): readonly { readonly store: string; readonly entry: string }[];
  /** Where the files lie that the outputs only name. */
  origin(): { readonly origin?: Origin };
  /** Of programs that the step started, in bytes; 0 where it started none. */
  peakMemory(): number;
}

export async function openContext(options: ContextOptions): Promise<OpenContext> {
  const { task, type, cache, staging, log, signal, update } = options;
  let peak = 0;
  const metrics: Record<string, Json> = {};
  const notes = new Map<string, string[]>();
  const leans = new Map<string, { store: string; entry: string }>();
  let origin: Origin | undefined;
  const outputs = new Set(type.outputs(task.params));
  for (const name of outputs) await mkdir(join(staging, name));
  const inherited = Object.keys(task.inputs)
    .sort(byCodeUnit)
    .flatMap((name) => task.inputs[name]?.notes ?? []);
  const requirements = requirementsOf(task, type);

  const ctx: StepContext = {
    params: task.params,
    inputs: openInputs(options),
    root: task.root,
    home: task.home,
    output(name) {
      if (!outputs.has(name)) throw new Error(`${type.name} declares no output ${name}`);
      return join(staging, name);
    },
    store: (name) =>
      openStore({
        cache,
        type,
        name,
        entries: task.entries,
        ...{ log, signal },
        lean: (lean) => leans.set(`${lean.store}/${lean.entry}`, lean),
      }),
    openStore: (id) => readonlyStore(cache.stores, id),
    required(name) {
      const requirement = requirements.find((candidate) => candidate.name === name);
      if (requirement === undefined) throw new Error(`${type.name} declares no requirement ${name}`);
      return join(task.home, requirement.path);
    },
    progress: (progress) => update({ kind: "progress", progress }),
    metric: (more) => void Object.assign(metrics, more),
    note: (output, text) => addTo(notes, output, text),
    leanOnInput(name) {
      origin = originOf(task, name);
    },
    log: log.line,
    print: log.print,
    peakMemory(bytes) {
      peak = Math.max(peak, bytes);
    },
    worked: task.worked ?? nothingWorked,
    signal,
  };
  return {
    ctx,
    metrics,
    notes: (output) => [...new Set([...inherited, ...(notes.get(output) ?? [])])],
    origin: () => (origin === undefined ? {} : { origin }),
    peakMemory: () => peak,
    leans: () => [...leans].sort(([a], [b]) => byCodeUnit(a, b)).map(([, lean]) => lean),
  };
}

function originOf({ inputs }: Task, name: string): Origin {
  const input = inputs[name];
  if (input === undefined) throw new Error(`the step has no input ${name}`);
  if (input.artifact !== undefined) return { kind: "artifact", digest: input.artifact };
  return { kind: "folder", path: statSync(input.path).isDirectory() ? input.path : dirname(input.path) };
}

/** The lists of files are read when they are asked for: of a large data set they are long. */
function openInputs({ task, type, cache }: ContextOptions): StepContext["inputs"] {
  const inputs: Record<string, StepInput> = Object.create(null);
  for (const [name, { path, digest, artifact, notes, origin }] of Object.entries(task.inputs)) {
    let files: readonly InputFile[] | undefined;
    inputs[name] = {
      path,
      digest,
      notes,
      ...(origin === undefined ? {} : { origin }),
      get files() {
        if (files !== undefined) return files;
        const tree =
          artifact === undefined
            ? cache.artifacts.tree(digest)
            : artifactFiles(cache, artifact, specOf(type, name));
        if (tree === undefined)
          throw new CacheError(`the cache has lost the list of files of ${path}; run it again`);
        files = inputFiles(path, tree);
        return files;
      },
    };
  }
  return inputs;
}
