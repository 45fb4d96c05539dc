import { openCache } from "../../engine/cache/cache.ts";
import { slurmCommands } from "../../engine/execute/slurm/commands.ts";
import { slurmExecutor } from "../../engine/execute/slurm/executor.ts";
import type { Executor } from "../../engine/execute/task.ts";
import { toyWorker } from "../engine/toy-program.ts";
import type { Cluster } from "./cluster.ts";

/** An executor whose jobs know the toy steps. */
export function clusterExecutor({ env }: Cluster, cache: string): Executor {
  return slurmExecutor({
    ...{ cache, worker: toyWorker, run: "a-run", jobs: 1000 },
    slurm: slurmCommands({ ...process.env, ...env }),
    resourcesOf: () => ({}),
    isComplete: openCache(cache).artifacts.complete,
    ...{ askEveryMs: 1000, graceMs: 4000 },
    note() {},
  });
}
