import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { execa } from "execa";
import { StepError } from "../../engine/step-type.ts";
import { endSession, signalSession } from "./session.ts";

export interface ProgramOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What it prints, both streams as they come. Nothing more is read until this returns. */
  print(bytes: Uint8Array): void;
}

/** A program that runs, in a session of its own. */
export interface Program {
  readonly pid: number;
  readonly exit: Promise<Exit>;
  /** Ends it and all it started: asks, and insists after a second. Settles when they are gone. */
  end(): Promise<void>;
  /** Ends them at once, without waiting. */
  kill(): void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The name of the guard, as $0. */
const GUARD = "flow-guard";

const INSIST_AFTER_MS = 1_000;
const LOOK_EVERY_MS = 20;
/** What a program that has left the session may still hold of the pipes. */
const DRAIN_MS = 200;

/**
 * Becomes the program, after it has left a guard in its session. The guard reads
 * from descriptor 3, whose other end only the worker holds: when the worker dies,
 * by whatever signal, the guard ends the session. There is no moment at which the
 * program runs unguarded. It is no child of the program's, which may wait for all
 * of its own.
 */
const guarded = `
( ( trap '' HUP INT TERM
    read -r _ <&3
    command -v pkill >/dev/null && pkill -TERM -s $$
    kill -s TERM 0
    sleep 1
    command -v pkill >/dev/null && pkill -KILL -s $$
    kill -s KILL 0
  ) </dev/null >/dev/null 2>&1 & )
exec 3<&-
exec "$@"
`;

/** @throws StepError where the program is not there or cannot be started. */
export function startProgram({ argv, cwd, env, print }: ProgramOptions): Program {
  const [name = "", ...args] = argv;
  const file = locate(name, cwd, env.PATH);
  if (argv.some((word) => word.includes("\0"))) throw new StepError("an argument holds a NUL character");
  const child = execa("/bin/sh", ["-c", guarded, GUARD, file, ...args], {
    cwd,
    env,
    extendEnv: false,
    // A session of its own, so that all it starts ends with it.
    detached: true,
    cleanup: false,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    buffer: false,
    reject: false,
  });
  const { pid } = child;
  if (pid === undefined) {
    // It was refused before there was a process; execa tells it by its result alone.
    const refused = child.then((result) =>
      Promise.reject(refusal(name, "cause" in result ? result.cause : result)),
    );
    return { pid: 0, exit: refused, end: async () => {}, kill() {} };
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", print);
    stream?.on("error", () => {});
  }
  // The guard's end of the pipe breaks when it is gone.
  const guard = child.stdio[3] as Duplex | null;
  guard?.on("error", () => {});
  const printed = Promise.all([child.stdout, child.stderr].map(closing));
  const exit = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  return {
    pid,
    exit,
    async end() {
      // Mostly nobody is left but the guard.
      let isLeft = signalSession(pid, "SIGTERM", GUARD);
      for (let waited = 0; isLeft && waited < INSIST_AFTER_MS; waited += LOOK_EVERY_MS) {
        await pause(LOOK_EVERY_MS);
        isLeft = signalSession(pid, undefined, GUARD);
      }
      endSession(pid, isLeft ? "everybody" : "the group");
      await Promise.race([printed, pause(DRAIN_MS)]);
      for (const stream of [child.stdout, child.stderr, guard]) stream?.destroy();
    },
    kill: () => endSession(pid, "everybody"),
  };
}

/** The program as a path: `exec` in a shell would tell a missing one only by an exit code that the program may have too. */
function locate(name: string, cwd: string, path = ""): string {
  if (name === "") throw new StepError("the program has no name: the first entry of `run` is empty");
  if (name.includes("\0")) throw new StepError("an argument holds a NUL character");
  const places = name.includes("/")
    ? [isAbsolute(name) ? name : join(cwd, name)]
    : path.split(":").map((folder) => join(folder === "" ? cwd : folder, name));
  const found = places.filter(isFile);
  const [runnable] = found.filter(isExecutable);
  if (runnable !== undefined) return runnable;
  if (found.length > 0) throw new StepError(`${name} is not executable`);
  throw new StepError(`${name} is not there, or not in PATH`);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Why the system refused to start it. */
function refusal(name: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    E2BIG: "its arguments and environment are longer than the system allows: put long texts into a file",
    ENOENT: "there is no /bin/sh, or the project folder is gone",
    ENOTDIR: "the project folder is gone",
    EACCES: "permission is denied",
  };
  const reason = reasons[code ?? ""];
  return reason === undefined ? error : new StepError(`${name} cannot be started: ${reason}`);
}

/** Settles when all that was printed has been read. */
function closing(stream: Readable | null): Promise<void> {
  return new Promise((resolve) => {
    if (stream === null || stream.closed) resolve();
    else stream.once("close", () => resolve());
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
