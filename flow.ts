#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stepTypes } from "./steps/registry.ts";

// The composition root: the only file that knows engine, commands and step types.
const workerArgument = "__worker";
const worker = { file: fileURLToPath(import.meta.url), args: [workerArgument] };

if (process.argv[2] === workerArgument) {
  const { runWorker } = await import("./engine/execute/worker.ts");
  runWorker(stepTypes);
} else if (process.argv[2] === "__job") {
  const { runJob } = await import("./engine/execute/slurm/job.ts");
  await runJob(process.argv[3] ?? "", worker, process.env);
  process.exit(0);
} else {
  const { main } = await import("./cli/main.ts");
  // dist/flow.js stands one folder below package.json.
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  process.exitCode = await main({
    version,
    arguments: process.argv.slice(2),
    types: stepTypes,
    worker,
    setups: async () => (await import("./steps/setups.ts")).allSetups(),
    probes: () => import("./steps/vision/runtimes/doctor.ts"),
    networks: () => import("./steps/vision/summary/networks.ts"),
    predictors: () => import("./steps/predict/predictors.ts"),
    servers: () => import("./steps/serve/servers.ts"),
    exports: () => import("./steps/export/exports.ts"),
    pages: () => import("./steps/report/page/render.ts"),
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  });
}
