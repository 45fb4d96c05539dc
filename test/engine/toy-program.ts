import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { WorkerCommand } from "../../engine/execute/local.ts";
import { repository } from "../cli/flow.ts";

const built = mkdtempSync(join(repository, ".dist.toys-"));
/** A worker that knows the toy steps, compiled before the tests of a file that imports this. */
export const toyWorker: WorkerCommand = { file: join(built, "test/engine/toy-worker.js"), args: [] };
beforeAll(() => {
  const config = {
    extends: "../tsconfig.json",
    compilerOptions: { rootDir: "..", outDir: "." },
    include: ["../test/engine/toy-worker.ts"],
  };
  writeFileSync(join(built, "tsconfig.json"), JSON.stringify(config));
  execFileSync(process.execPath, [join(repository, "node_modules/typescript/bin/tsc"), "-p", built]);
});
afterAll(() => rmSync(built, { recursive: true }));
