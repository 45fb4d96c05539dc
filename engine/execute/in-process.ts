import type { StepType } from "../step-type.ts";
import { executeTask } from "./execute-task.ts";
import type { Executor } from "./task.ts";

/** Executes tasks in the engine's own process: for tests, and for programs that embed the engine. */
export function inProcessExecutor(types: ReadonlyMap<string, StepType>): Executor {
  return {
    close() {},
    start(task, { report }) {
      const controller = new AbortController();
      const stop = (): void => controller.abort();
      return { end: executeTask(task, { types, signal: controller.signal, report }), stop, kill: stop };
    },
  };
}
