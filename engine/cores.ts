import { availableParallelism } from "node:os";

/** How many threads this process may keep busy: the machine's cores, or what Slurm has given to the job that it is in. */
export function cores(): number {
  const given = Number(process.env.SLURM_CPUS_ON_NODE);
  const there = availableParallelism();
  return Number.isInteger(given) && given > 0 ? Math.min(given, there) : there;
}
