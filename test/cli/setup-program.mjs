import { main } from "../../dist/cli/main.js";
import { newSetups } from "../../dist/steps/compute/runtimes/setup.js";

// flow as it is built, with other runtimes to bring: FLOW_TEST_PACKAGES names them.
const packages = JSON.parse(process.env.FLOW_TEST_PACKAGES ?? "[]");

process.exitCode = await main({
  version: "0",
  arguments: process.argv.slice(2),
  types: new Map(),
  worker: { file: "", args: [] },
  setups: async () => newSetups(packages.map((one) => ({ ...one, keeps: new RegExp(one.keeps) }))),
  probes: async () => ({ findings: async function* () {} }),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
