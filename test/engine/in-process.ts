import { executeTask } from "../../engine/execute/execute-task.ts";
import type { Executor } from "../../engine/execute/task.ts";
import type { StepType } from "../../engine/step-type.ts";

/** Executes tasks in the process of the tests. */
export function inProcessExecutor(types: ReadonlyMap<string, StepType>): Executor {
  return {
    name: "in-process",
    atOnce: 1,
    needsItems: false,
    deal: (_, work, done) => [work && [...work.items.keys()].filter((at) => !done.has(at))],
    async close() {},
    start(task, { update }) {
      const controller = new AbortController();
      const stop = (): void => controller.abort();
      return { end: executeTask(task, { types, signal: controller.signal, update }), stop, kill: stop };
    },
  };
}
