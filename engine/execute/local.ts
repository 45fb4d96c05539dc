import { type ChildProcess, fork } from "node:child_process";
import { describeFailure, type Failure, killedBy, lastWordsOf } from "../failure.ts";
import { smallYoungGeneration } from "../memory.ts";
import { openStepLog, type StepLog } from "./step-log.ts";
import type { Executor, RunningTask, StartOptions, Task, TaskEnd } from "./task.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

/** How a worker process starts: a file for Node, and the arguments that make it a worker. */
export interface WorkerCommand {
  readonly file: string;
  readonly args: readonly string[];
}

export interface LocalOptions {
  /** How many workers share a step. */
  workersOf?(task: Task): number;
}

/** Places tasks in processes on this machine; a process that has stayed small is used again. */
export function localExecutor(command: WorkerCommand, { workersOf = () => 1 }: LocalOptions = {}): Executor {
  const all = new Set<WorkerProcess>();
  const idle: WorkerProcess[] = [];
  const begin = (): WorkerProcess => {
    const worker: WorkerProcess = startWorker(command, {
      onIdle: () => idle.push(worker),
      onGone() {
        all.delete(worker);
        if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1);
      },
    });
    all.add(worker);
    return worker;
  };
  return {
    name: "local",
    atOnce: 1,
    needsItems: false,
    deal(task, work, done) {
      const open = work && [...work.items.keys()].filter((at) => !done.has(at));
      const workers = Math.min(workersOf(task), open?.length ?? Number.POSITIVE_INFINITY);
      return Array.from({ length: workers }, () => open);
    },
    start(task, options) {
      const used = idle.pop();
      if (used === undefined) return begin().execute(task, options);
      return again(used.execute(task, options), () => begin().execute(task, options));
    },
    async close() {
      for (const worker of all) worker.dismiss();
    },
  };
}

/** A task that a used worker was given just as it died: it has not begun, and a new worker gets it. */
function again(first: Execution, retry: () => Execution): RunningTask {
  let current = first;
  let asked: "stop" | "kill" | undefined;
  const follow = async (): Promise<TaskEnd> => {
    const end = await first.end;
    if (first.hasBegun() || asked !== undefined) return end;
    current = retry();
    return current.end;
  };
  return {
    end: follow(),
    stop() {
      asked ??= "stop";
      current.stop();
    },
    kill() {
      asked = "kill";
      current.kill();
    },
  };
}

interface Execution extends RunningTask {
  /** Whether the worker has said that it has the task in hand. */
  hasBegun(): boolean;
}

/** A process that executes one task at a time. */
interface WorkerProcess {
  execute(task: Task, options: StartOptions): Execution;
  /** Lets it end. */
  dismiss(): void;
}

interface Lifetime {
  onIdle(): void;
  onGone(): void;
}

/** The task in hand. */
interface Current {
  readonly task: Task;
  readonly options: StartOptions;
  /** What the process itself prints; what the step logs, it writes down there. */
  readonly log: StepLog;
  /** The last of it. */
  printed: string;
  hasBegun: boolean;
  resolve(end: TaskEnd): void;
}

const KEPT_LENGTH = 16_384;
const SHOWN_LINES = 20;
/** Longer than it takes to end what a dead worker has left; whoever holds its pipes still is not waited for. */
const PATIENCE_MS = 5_000;
function startWorker({ file, args }: WorkerCommand, { onIdle, onGone }: Lifetime): WorkerProcess {
  // stdout and stderr belong to native libraries; the protocol has its own channel.
  const child = fork(file, args, {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: [smallYoungGeneration],
  });
  let current: Current | undefined;
  const finish = (end: (task: Current) => TaskEnd): void => {
    if (current === undefined) return;
    const task = current;
    current = undefined;
    const closed = attempt(task.task, () => task.log.close());
    task.resolve(closed === undefined ? end(task) : ended(closed));
  };
  const keep = (data: Buffer): void => {
    if (current === undefined) return;
    const { task, log } = current;
    const failure = attempt(task, () => log.print(data));
    current.printed = (current.printed + data.toString()).slice(-KEPT_LENGTH);
    if (failure === undefined) return;
    // What cannot be written down must not go on unseen.
    child.kill("SIGKILL");
    finish(() => ended(failure));
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  child.on("message", (message: FromWorker) => {
    switch (message.kind) {
      case "begun":
        if (current) current.hasBegun = true;
        return;
      case "progress":
        current?.options.update(message);
        return;
      case "end":
        finish(() => message.end);
        if (message.stays) onIdle();
        return;
      default:
        message satisfies never;
    }
  });
  child.on("error", (error) => {
    onGone();
    finish(() => ended({ kind: "machine", message: `a worker could not be started: ${error.message}` }));
  });
  let patience: NodeJS.Timeout | undefined;
  child.on("exit", () => {
    onGone();
    if (current !== undefined) patience = setTimeout(letGo, PATIENCE_MS, child);
  });
  // "close", not "exit": by then all that it printed and said has arrived, and
  // the programs it had started are gone: their guard holds its stderr.
  child.on("close", (code, signal) => {
    clearTimeout(patience);
    finish((task) => ended(died(task, describeDeath(code, signal))));
  });

  return {
    execute(task, options) {
      let mine: Current | undefined;
      const end = new Promise<TaskEnd>((resolve) => {
        const log = openStepLog(task.log);
        mine = { task, options, log, printed: "", hasBegun: false, resolve };
        current = mine;
        if (child.exitCode !== null || child.signalCode !== null) {
          finish((gone) => ended(died(gone, describeDeath(child.exitCode, child.signalCode))));
        }
      });
      send(child, { kind: "execute", task });
      return {
        end,
        hasBegun: () => mine?.hasBegun ?? false,
        stop: () => send(child, { kind: "stop" }),
        kill: () => void child.kill("SIGKILL"),
      };
    },
    dismiss() {
      if (child.connected) child.disconnect();
    },
  };
}

function letGo({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy();
  stderr?.destroy();
}

function send(child: ChildProcess, message: ToWorker): void {
  // A worker that is going away answers by its end.
  if (child.connected) child.send(message, () => {});
}

/** Why something about the log failed, if it did. */
function attempt({ cache, home, runs }: Task, write: () => void): Failure | undefined {
  try {
    write();
    return undefined;
  } catch (error) {
    return describeFailure(error, [cache, home, runs]);
  }
}

function ended(failure: Failure): TaskEnd {
  return { kind: "failed", failure, metrics: {}, peakMemory: 0 };
}

function died({ printed }: Current, how: string): Failure {
  const { isOutOfMemory, lines } = lastWordsOf(printed, SHOWN_LINES);
  const message = `the worker ${isOutOfMemory ? "ran out of memory" : how}`;
  return { kind: "worker", message, ...(lines === "" ? {} : { detail: lines }) };
}

function describeDeath(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with exit code ${code} before the step was done` : killedBy(signal);
}
