import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localExecutor } from "../../engine/execute/local.ts";
import type { TaskEnd } from "../../engine/execute/task.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-worker-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** How a worker ends whose program is this. */
async function endOf(program: string): Promise<TaskEnd> {
  const file = join(folder, "worker.mjs");
  writeFileSync(file, program);
  const executor = localExecutor({ file, args: [] });
  const task = {
    step: "s",
    type: "t",
    params: {},
    inputs: {},
    root: folder,
    home: folder,
    cache: folder,
    runs: folder,
    log: join(folder, "s.log"),
    entries: "by-size" as const,
  };
  return executor.start(task, { update: () => {} }).end;
}

test("a worker that exits is failed with its exit code and the last lines it printed", async () => {
  const lines = 'for (let i = 0; i < 30; i++) console.log("line " + i); console.error("out of luck");';
  expect(await endOf(`${lines} process.exit(7);`)).toMatchObject({
    kind: "failed",
    failure: {
      kind: "worker",
      message: "the worker ended with exit code 7 before the step was done",
      detail: expect.stringMatching(/^line 11\n[\s\S]*line 29\nout of luck$/),
    },
  });
});

test("a worker that is killed is failed with the signal", async () => {
  expect(await endOf('process.kill(process.pid, "SIGABRT");')).toMatchObject({
    failure: { kind: "worker", message: "the worker was killed by SIGABRT" },
  });
});

test("a worker that cannot start is failed too", async () => {
  expect(await endOf("this is no program")).toMatchObject({
    failure: { kind: "worker", detail: expect.stringMatching(/Node\.js v\d+/) },
  });
});
