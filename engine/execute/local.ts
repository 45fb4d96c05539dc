import { type ChildProcess, fork } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { Executor, Placed, Report, StartOptions, Task, TaskEnd } from "./task.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

/** How a worker process starts: a file for Node, and the arguments that make it a worker. */
export interface WorkerCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/** Places every task in a process of its own on this machine. */
export function localExecutor(command: WorkerCommand): Executor {
  return { start: (task, options) => startWorker(command, task, options) };
}

function startWorker({ file, args }: WorkerCommand, task: Task, options: StartOptions): Placed {
  const log = openSync(options.log, "a");
  // stdout and stderr belong to native libraries; the protocol has its own channel.
  const child = fork(file, args, { stdio: ["ignore", log, log, "ipc"], execArgv: [] });
  closeSync(log);
  const send = (message: ToWorker): void => {
    // A worker that is going away answers by its end.
    if (child.connected) child.send(message, () => {});
  };
  const end = watch(child, options);
  send({ kind: "execute", task });
  return { end, stop: () => send({ kind: "stop" }), kill: () => void child.kill("SIGKILL") };
}

function watch(child: ChildProcess, { log, report }: StartOptions): Promise<TaskEnd> {
  return new Promise((resolve) => {
    let told: TaskEnd | undefined;
    child.on("message", (message: FromWorker) => {
      if (message.kind === "end") told = message.end;
      else report(message satisfies Report);
    });
    const dead = (message: string): TaskEnd => {
      const detail = lastLines(log, 10);
      const failure = { kind: "worker", message, ...(detail === "" ? {} : { detail }) } as const;
      return { kind: "failed", failure, metrics: {}, peakMemory: 0 };
    };
    child.on("error", (error) => resolve(told ?? dead(`the worker could not be started: ${error.message}`)));
    // "close", not "exit": by then every message has arrived.
    child.on("close", (code, signal) => resolve(told ?? dead(describeDeath(code, signal))));
  });
}

function describeDeath(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === null) return `the worker ended with exit code ${code} before the step was done`;
  const hint = signal === "SIGKILL" ? "; the system does this when memory runs out" : "";
  return `the worker was killed by ${signal}${hint}`;
}

function lastLines(file: string, count: number): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count).join("\n");
  } catch {
    return "";
  }
}
