import type { StepType } from "../step-type.ts";
import { executeTask } from "./execute-task.ts";
import type { Task, TaskEnd, TaskUpdate } from "./task.ts";

/** What the engine tells a worker. */
export type ToWorker = { readonly kind: "execute"; readonly task: Task } | { readonly kind: "stop" };
/** What a worker tells the engine. */
export type FromWorker =
  /** It has the task in hand. */
  | { readonly kind: "begun" }
  | TaskUpdate
  | {
      readonly kind: "end";
      readonly end: TaskEnd;
      /** Whether the process waits for another task. */
      readonly stays: boolean;
    };

const PROGRESS_EVERY_MS = 100;
/** Time a step has to drop what it has in hand when the engine is gone. */
const GRACE_MS = 3_000;
/** A process that has grown beyond this ends with its task: native libraries seldom give memory back. */
const STAYS_BELOW_BYTES = 160 << 20;

/** The life of a worker process: tasks, one at a time, told over the IPC channel. */
export function runWorker(types: ReadonlyMap<string, StepType>): void {
  let controller: AbortController | undefined;
  // Ctrl-C and a closed terminal reach the whole group: the engine decides what they mean.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => {});
  process.on("SIGHUP", () => {});
  process.on("disconnect", () => {
    if (controller === undefined) process.exit(0);
    controller.abort();
    setTimeout(() => process.exit(1), GRACE_MS).unref();
  });
  const send = (message: FromWorker, then = (): void => {}): void => {
    if (process.connected) process.send?.(message, then);
    else then();
  };
  process.on("message", (message: ToWorker) => {
    switch (message.kind) {
      case "stop":
        controller?.abort();
        return;
      case "execute":
        void work(message.task);
        return;
      default:
        message satisfies never;
    }
  });

  async function work(task: Task): Promise<void> {
    controller = new AbortController();
    send({ kind: "begun" });
    const updates = paced((message) => send(message));
    const end = await executeTask(task, { types, signal: controller.signal, update: updates.send });
    updates.flush();
    controller = undefined;
    const stays = process.connected && process.memoryUsage.rss() < STAYS_BELOW_BYTES;
    // Native libraries may keep threads of their own alive: the process ends here, not when it falls idle.
    send({ kind: "end", end, stays }, () => stays || process.exit(0));
  }
}

/** Lets progress through at most ten times a second, the first at once and the last always. */
function paced(send: (update: TaskUpdate) => void): { send(update: TaskUpdate): void; flush(): void } {
  let held: TaskUpdate | undefined;
  let pause: NodeJS.Timeout | undefined;
  const flush = (): void => {
    if (held) send(held);
    held = undefined;
    clearTimeout(pause);
    pause = undefined;
  };
  return {
    flush,
    send(update) {
      held = update;
      if (pause !== undefined) return;
      flush();
      pause = setTimeout(flush, PROGRESS_EVERY_MS);
    },
  };
}
