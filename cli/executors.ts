import { cores } from "../engine/cores.ts";
import { localExecutor } from "../engine/execute/local.ts";
import type { Executor, Task } from "../engine/execute/task.ts";
import { tellNote } from "./mistakes.ts";
import type { Program } from "./program.ts";
import type { Project } from "./project.ts";

export interface ExecutorChoice {
  /** In place of what the configuration says. */
  readonly executor?: "local" | "slurm";
  readonly jobs?: number;
}

/** Where steps run, and how many at a time. */
export interface OpenExecutor {
  readonly executor: Executor;
  readonly jobs: number;
}

const SLURM_JOBS = 100;
const ASK_EVERY_S = 15;

/** @param run the id of the run. */
export async function openExecutor(
  program: Program,
  { cache, config }: Project,
  { run, executor: asked, jobs: most }: ExecutorChoice & { readonly run: string },
): Promise<OpenExecutor> {
  const { kind = "local", jobs, askEvery, grace, ...resources } = config.executor ?? {};
  if ((asked ?? kind) === "local") {
    const workersOf = ({ step, type }: Pick<Task, "step" | "type">): number =>
      config.steps?.[step]?.workers ?? config.steps?.[type]?.workers ?? resources.workers ?? 1;
    return { executor: localExecutor(program.worker, { workersOf }), jobs: most ?? jobs ?? cores() };
  }
  const { slurmExecutor } = await import("../engine/execute/slurm/executor.ts");
  const { slurmCommands } = await import("../engine/execute/slurm/commands.ts");
  const { GRACE_MS } = await import("../engine/execute/slurm/judge.ts");
  const atOnce = most ?? jobs ?? SLURM_JOBS;
  return {
    executor: slurmExecutor({
      slurm: slurmCommands(program.env),
      worker: program.worker,
      cache: cache.folder,
      ...{ run, jobs: atOnce },
      resourcesOf: ({ step, type }) => ({ ...resources, ...config.steps?.[type], ...config.steps?.[step] }),
      isComplete: cache.artifacts.complete,
      askEveryMs: (askEvery ?? ASK_EVERY_S) * 1000,
      graceMs: grace === undefined ? GRACE_MS : grace * 1000,
      note: (text) => tellNote(program, text),
    }),
    jobs: atOnce,
  };
}
