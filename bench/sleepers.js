// A worker, and a job of Slurm, of a step type whose work only takes time: for bench/scale.js.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runJob } from "../dist/engine/execute/slurm/job.js";
import { runWorker } from "../dist/engine/execute/worker.js";

const params = {
  type: "object",
  additionalProperties: false,
  properties: {
    items: { type: "integer", minimum: 1 },
    seconds: { type: "number", "x-unkeyed": true },
    /** So that a second run has another key. */
    round: { type: "integer", default: 1 },
  },
};

export const sleepers = {
  name: "sleepers",
  version: 1,
  description: "Sleeps.",
  params,
  inputs: {},
  outputs: () => ["out"],
  division: {
    isWorthIt: () => true,
    split: async ({ params }) =>
      Array.from({ length: params.items }, (_, at) => ({ name: `sleep ${at}`, cost: 1, about: { at } })),
    async work(ctx, items) {
      for await (const item of items) {
        await new Promise((resolve) => setTimeout(resolve, 1000 * ctx.params.seconds));
        item.done();
      }
    },
  },
  async run(ctx) {
    writeFileSync(join(ctx.output("out"), "items"), String(ctx.params.items));
  },
};

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, file, command, folder] = process.argv;
  if (command === "__job") await runJob(folder, { file, args: [] }, process.env);
  else runWorker(new Map([[sleepers.name, sleepers]]));
}
