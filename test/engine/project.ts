import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Cache, openCache } from "../../engine/cache/cache.ts";
import { loadPipeline } from "../../engine/document/load.ts";
import { renderDiagnostics } from "../../engine/document/render.ts";
import { runPipeline } from "../../engine/execute/run.ts";
import type { Executor } from "../../engine/execute/task.ts";
import { planPipeline, type StepPlan } from "../../engine/plan/plan.ts";
import type { Event } from "../../engine/record/event.ts";
import { foldRun, type RunRecord } from "../../engine/record/run-record.ts";
import type { Remote } from "../../engine/remote/remote.ts";
import type { StepType } from "../../engine/step-type.ts";
import { survey } from "../../engine/survey.ts";
import { inProcessExecutor } from "./in-process.ts";

export interface RunChoices {
  readonly forced?: readonly string[];
  readonly keepGoing?: boolean;
  readonly executor?: Executor;
  readonly remote?: Remote;
  readonly stop?: AbortSignal;
  readonly kill?: AbortSignal;
  onEvent?(event: Event): void;
}

/** A folder with a cache, in which pipelines of given step types run in this process. */
export interface Project {
  readonly root: string;
  readonly cache: Cache;
  plan(text: string, forced?: readonly string[]): Promise<readonly StepPlan[]>;
  run(text: string, choices?: RunChoices): Promise<RunRecord>;
  /** The content of a file of an output. */
  read(record: RunRecord, step: string, output: string, file: string): string;
  remove(): void;
}

export function newProject(types: readonly StepType[], folder?: string): Project {
  const root = folder ?? mkdtempSync(join(tmpdir(), "flow-project-"));
  const registry = new Map(types.map((type) => [type.name, type]));
  const cache = openCache(join(root, ".flow"), { root, own: [join(root, ".flow"), join(root, "runs")] });
  const home = join(root, "home");
  let serial = 0;

  const load = async (text: string, forced: readonly string[]) => {
    const { pipeline, diagnostics } = loadPipeline({
      ...{ file: "pipeline.yaml", text, types: registry, overrides: [] },
      isFile: () => false,
      memory: 4e9,
      userHome: undefined,
      exists: (path) => existsSync(resolve(root, path)),
    });
    if (pipeline === undefined) throw new Error(renderDiagnostics(diagnostics));
    const surveyed = await survey({ pipeline, types: registry, cache, root, home, forced: new Set(forced) });
    return { pipeline, ...surveyed };
  };

  return {
    root,
    cache,
    async plan(text, forced = []) {
      const { pipeline, world } = await load(text, forced);
      return planPipeline(pipeline, world);
    },
    async run(text, { forced = [], keepGoing = false, executor, remote, stop, kill, onEvent } = {}) {
      const { pipeline, world, sources } = await load(text, forced);
      const fold = foldRun();
      await runPipeline(
        {
          id: `run-${serial++}`,
          pipeline,
          world,
          root,
          home,
          runs: join(root, "runs"),
          jobs: 2,
          keepGoing,
          executor: executor ?? inProcessExecutor(registry),
          origin: { host: "here", pid: 1, environment: {} },
        },
        {
          types: registry,
          cache,
          sources,
          now: () => new Date(),
          emit(event) {
            fold.add(event);
            onEvent?.(event);
          },
          logFile: (step) => join(root, `${step}.log`),
          ...(remote === undefined ? {} : { remote }),
        },
        {
          stop: stop ?? new AbortController().signal,
          kill: kill ?? new AbortController().signal,
        },
      );
      return fold.record() as RunRecord;
    },
    read(record, step, output, file) {
      const digest = record.steps[step]?.outputs[output]?.digest ?? "";
      return readFileSync(join(cache.artifacts.path(digest), file), "utf8");
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** The ids of steps by outcome. */
export function idsOf(record: RunRecord, outcome: string): readonly string[] {
  return Object.entries(record.steps)
    .filter(([, step]) => step.outcome === outcome)
    .map(([id]) => id);
}
