import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "../../dist/cli/main.js";
import { runWorker } from "../../dist/engine/execute/worker.js";
import { allSetups } from "../../dist/steps/setups.js";
import { imagenetWeights } from "../../dist/steps/vision/networks/imagenet-weights.js";
import { newWeights } from "../../dist/steps/vision/networks/weights-setup.js";

// flow as it is built, with other networks: FLOW_TEST_NETWORKS says what weights
// they have. The step type `reads` requires those of one and copies them.
const given = JSON.parse(process.env.FLOW_TEST_NETWORKS ?? "{}");
const networks = new Map(Object.entries(given).map(([name, weights]) => [name, { weights }]));

const reads = {
  name: "reads",
  version: 1,
  description: "Copies the weights of a network.",
  params: { type: "object", additionalProperties: false, properties: { network: { type: "string" } } },
  inputs: { x: { description: "Anything.", optional: true } },
  outputs: () => ["copy"],
  requires: ({ network }) => [imagenetWeights(network, networks)],
  async run(ctx) {
    const { name } = imagenetWeights(ctx.params.network, networks);
    await copyFile(ctx.required(name), join(ctx.output("copy"), "weights"));
  },
};
const types = new Map([["reads", reads]]);

if (process.argv[2] === "__worker") runWorker(types);
else {
  process.exitCode = await main({
    version: "0",
    arguments: process.argv.slice(2),
    types,
    worker: { file: fileURLToPath(import.meta.url), args: ["__worker"] },
    setups: async () => allSetups(undefined, newWeights(networks)),
    probes: async () => ({ findings: async function* () {} }),
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  });
}
