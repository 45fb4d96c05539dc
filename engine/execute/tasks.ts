import type { Executor, RunningTask, StartOptions, Task, TaskEnd } from "./task.ts";

/** Why `stop` is aborted where the terminal was closed. */
export const terminalGone = "the terminal is gone";

/** How a run is asked to end. */
export interface Signals {
  /** The first Ctrl-C: workers drop the unit in hand. */
  readonly stop: AbortSignal;
  /** The second: workers are killed. */
  readonly kill: AbortSignal;
}

/** The tasks in hand. Every one is started through here, so that Ctrl-C finds it. */
export interface Tasks {
  readonly signals: Signals;
  readonly executor: Pick<Executor, "name" | "atOnce" | "needsItems" | "deal">;
  /** @param options `dropped`: aborted where nobody wants the task any more. */
  execute(task: Task, options: StartOptions & { readonly dropped?: AbortSignal }): Promise<TaskEnd>;
  /** Stops listening. */
  close(): void;
}

export function openTasks(executor: Executor, signals: Signals): Tasks {
  const { stop, kill } = signals;
  const running = new Set<RunningTask>();
  const how = (): "leave" | undefined => (stop.reason === terminalGone ? "leave" : undefined);
  const stopAll = (): void => running.forEach((task) => void task.stop(how()));
  const killAll = (): void => running.forEach((task) => void task.kill());
  stop.addEventListener("abort", stopAll);
  kill.addEventListener("abort", killAll);
  return {
    signals,
    executor,
    async execute(task, { dropped, ...options }) {
      const started = executor.start(task, options);
      running.add(started);
      const drop = (): void => started.stop();
      dropped?.addEventListener("abort", drop);
      // Between the last look at the signals and now, Ctrl-C may have come.
      if (stop.aborted) started.stop(how());
      if (kill.aborted) started.kill();
      const end = await started.end;
      running.delete(started);
      dropped?.removeEventListener("abort", drop);
      return end;
    },
    close() {
      stop.removeEventListener("abort", stopAll);
      kill.removeEventListener("abort", killAll);
    },
  };
}
