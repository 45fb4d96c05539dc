/** What a job may take, and where: as people say it of a step. */
export interface Resources {
  readonly partition?: string;
  readonly account?: string;
  readonly qos?: string;
  /** As Slurm takes it: minutes, or hours:minutes:seconds, or days-hours. */
  readonly time?: string | number;
  /** As Slurm takes it: 4G, 4000M. */
  readonly memory?: string;
  readonly cpus?: number;
  readonly gpus?: number;
  /** Further words for `sbatch`. */
  readonly extra?: readonly string[];
}

/** The same as `sbatch` takes it. */
export function resourceArguments(resources: Resources): readonly string[] {
  const { partition, account, qos, time, memory, cpus, gpus, extra = [] } = resources;
  const option = (name: string, value: string | number | undefined): readonly string[] =>
    value === undefined ? [] : [`--${name}=${value}`];
  return [
    ...option("partition", partition),
    ...option("account", account),
    ...option("qos", qos),
    ...option("time", time),
    ...option("mem", memory),
    ...option("cpus-per-task", cpus),
    ...option("gres", gpus === undefined || gpus === 0 ? undefined : `gpu:${gpus}`),
    ...extra,
  ];
}
