import { type ChildProcess, fork } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import type { Executor, RunningTask, StartOptions, Task, TaskEnd } from "./task.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

/** How a worker process starts: a file for Node, and the arguments that make it a worker. */
export interface WorkerCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/** Places tasks in processes on this machine; a process that has stayed small is used again. */
export function localExecutor(command: WorkerCommand): Executor {
  const all: WorkerProcess[] = [];
  const idle: WorkerProcess[] = [];
  const begin = (): WorkerProcess => {
    const worker: WorkerProcess = startWorker(command, () => idle.push(worker));
    all.push(worker);
    return worker;
  };
  return {
    start: (task, options) => (idle.pop() ?? begin()).execute(task, options),
    close() {
      for (const worker of all) worker.dismiss();
    },
  };
}

/** A process that executes one task at a time. */
interface WorkerProcess {
  execute(task: Task, options: StartOptions): RunningTask;
  /** Lets it end. */
  dismiss(): void;
}

/** The task in hand. */
interface Current {
  readonly options: StartOptions;
  readonly log: number;
  /** The last that the process printed. */
  printed: string;
  resolve(end: TaskEnd): void;
}

const KEPT_LENGTH = 16_384;
const SHOWN_LINES = 20;

function startWorker({ file, args }: WorkerCommand, onIdle: () => void): WorkerProcess {
  // stdout and stderr belong to native libraries; the protocol has its own channel.
  const child = fork(file, args, { stdio: ["ignore", "pipe", "pipe", "ipc"], execArgv: [] });
  let current: Current | undefined;
  const finish = (end: (task: Current) => TaskEnd): void => {
    if (current === undefined) return;
    const task = current;
    current = undefined;
    closeSync(task.log);
    task.resolve(end(task));
  };
  const keep = (data: Buffer): void => {
    if (current === undefined) return;
    writeSync(current.log, data);
    current.printed = (current.printed + data.toString()).slice(-KEPT_LENGTH);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  child.on("message", (message: FromWorker) => {
    if (message.kind !== "end") {
      current?.options.update(message);
      return;
    }
    finish(() => message.end);
    if (message.stays) onIdle();
  });
  child.on("error", (error) =>
    finish((task) => dead(task, `the worker could not be started: ${error.message}`)),
  );
  // "close", not "exit": by then all that it printed and said has arrived.
  child.on("close", (code, signal) => finish((task) => dead(task, describeDeath(code, signal))));

  return {
    execute(task, options) {
      const end = new Promise<TaskEnd>((resolve) => {
        current = { options, log: openSync(options.log, "a"), printed: "", resolve };
      });
      send(child, { kind: "execute", task });
      return { end, stop: () => send(child, { kind: "stop" }), kill: () => void child.kill("SIGKILL") };
    },
    dismiss() {
      if (child.connected) child.disconnect();
    },
  };
}

function send(child: ChildProcess, message: ToWorker): void {
  // A worker that is going away answers by its end.
  if (child.connected) child.send(message, () => {});
}

function dead({ printed }: Current, message: string): TaskEnd {
  const detail = printed.trimEnd().split("\n").slice(-SHOWN_LINES).join("\n");
  const failure = { kind: "worker", message, ...(detail === "" ? {} : { detail }) } as const;
  return { kind: "failed", failure, metrics: {}, peakMemory: 0 };
}

function describeDeath(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === null) return `the worker ended with exit code ${code} before the step was done`;
  const hint = signal === "SIGKILL" ? "; the system does this when memory runs out" : "";
  return `the worker was killed by ${signal}${hint}`;
}
