#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stepTypes } from "./steps/registry.ts";

// The composition root: the only file that knows engine, commands and step types.
const workerArgument = "__worker";

if (process.argv[2] === workerArgument) {
  const { runWorker } = await import("./engine/execute/worker.ts");
  runWorker(stepTypes);
} else {
  const { main } = await import("./cli/main.ts");
  // dist/flow.js stands one folder below package.json.
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  process.exitCode = await main({
    version,
    arguments: process.argv.slice(2),
    types: stepTypes,
    worker: { file: fileURLToPath(import.meta.url), args: [workerArgument] },
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
