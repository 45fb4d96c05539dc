const words = { type: "string", minLength: 1 } as const;

/** What a step may take where it runs: of all steps, or of one. */
const resources = {
  partition: { description: "Of the cluster.", ...words },
  account: { description: "To which it is charged.", ...words },
  qos: { description: "Quality of service.", ...words },
  time: {
    description: "At most: minutes, or as Slurm writes it (2:00:00, 1-12).",
    anyOf: [words, { type: "integer", minimum: 1 }],
  },
  memory: {
    description: "Of a job, as Slurm writes it: 8G, 4000M.",
    type: "string",
    pattern: "^[1-9]\\d*[KMGT]?$",
  },
  cpus: { description: "Of a job.", type: "integer", minimum: 1, maximum: 4096 },
  gpus: { description: "Of a job.", type: "integer", minimum: 0, maximum: 64 },
  workers: {
    description: "How many processes on this machine share the work of a step that is divided. Default: 1.",
    type: "integer",
    minimum: 1,
    maximum: 64,
  },
  extra: { description: "Further options of sbatch.", type: "array", items: words },
} as const;

/** JSON Schema of `flow.config.yaml`. Nothing in it affects a result. */
export const configSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    executor: {
      description: "Where steps run.",
      type: "object",
      additionalProperties: false,
      properties: {
        kind: { description: "On this machine, or as jobs of Slurm.", enum: ["local", "slurm"] },
        jobs: {
          description: "How many steps may run at a time. Default: the number of cores; with Slurm 100.",
          type: "integer",
          minimum: 1,
          maximum: 9999,
        },
        askEvery: {
          description: "Seconds between two questions to Slurm, for all jobs at once. Default: 15.",
          type: "number",
          minimum: 0.5,
          maximum: 600,
        },
        grace: {
          description: "Seconds that the shared disk may take to show a file to everybody. Default: 60.",
          type: "number",
          minimum: 1,
          maximum: 3600,
        },
        ...resources,
      },
    },
    cache: {
      description: "Where results are kept. Default: .flow in the project. --cache and FLOW_CACHE win.",
      ...words,
    },
    remote: {
      description: "Where results of others are fetched from: s3://bucket/prefix, or a folder.",
      ...words,
    },
    push: {
      description: "Whether what a run makes is sent there. Default: auto.",
      enum: ["auto", "never"],
    },
    steps: {
      description: "What steps may take in place of that, by id or by type; the id wins.",
      type: "object",
      additionalProperties: { type: "object", additionalProperties: false, properties: resources },
    },
  },
} as const;

/** The same for editors. */
export function editorConfigSchema(): object {
  return { $schema: "http://json-schema.org/draft-07/schema#", title: "flow configuration", ...configSchema };
}
