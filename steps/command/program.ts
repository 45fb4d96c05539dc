import type { Duplex, Readable } from "node:stream";
import { execa } from "execa";
import { StepError } from "../../engine/step-type.ts";
import { GUARD, guarded } from "./guard.ts";
import { lastLines } from "./last-lines.ts";
import { execRefusal, locate, refusal } from "./refusal.ts";
import { endSession, signalSession } from "./session.ts";

export interface ProgramOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What it prints, both streams as they come. Nothing more is read until this returns; where it throws, the program ends. */
  print(bytes: Uint8Array): void;
}

/** A program that runs, in a session of its own. */
export interface Program {
  readonly pid: number;
  /** Rejects where the program could not be started, or what it printed could not be written down. */
  readonly exit: Promise<Exit>;
  /** Ends it and all it started: asks, and insists after a second. Settles when they are gone. */
  end(): Promise<void>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines it printed. */
  readonly lines: readonly string[];
}

const INSIST_AFTER_MS = 1_000;
const LOOK_EVERY_MS = 20;
/** What a program that has left the session may still hold of the pipes. */
const DRAIN_MS = 200;

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
    // The last two are the guard's.
    stdio: ["ignore", "pipe", "pipe", "pipe", 2],
    buffer: false,
    reject: false,
  });
  const { pid } = child;
  if (pid === undefined) {
    // It was refused before there was a process; execa tells it by its result alone.
    const refused = child.then((result) =>
      Promise.reject(refusal(name, "cause" in result ? result.cause : result)),
    );
    return { pid: 0, exit: refused, end: async () => {} };
  }
  const last = lastLines();
  let unprinted: { readonly error: unknown } | undefined;
  const take = (bytes: Uint8Array): void => {
    last.add(bytes);
    if (unprinted !== undefined) return;
    try {
      print(bytes);
    } catch (error) {
      unprinted = { error };
      void end();
    }
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", take);
    stream?.on("error", () => {});
  }
  // The guard's end of the pipe breaks when it is gone.
  const guard = child.stdio[3] as Duplex | null;
  guard?.on("error", () => {});
  const printed = Promise.all([child.stdout, child.stderr].map(closing));
  const ended = new Promise<Omit<Exit, "lines">>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> => {
    ending ??= endAll(pid)
      .then(() => Promise.race([printed, pause(DRAIN_MS)]))
      .then(() => {
        for (const stream of [child.stdout, child.stderr, guard]) stream?.destroy();
      });
    return ending;
  };
  const exit = ended.then(async ({ code, signal }) => {
    // What it left in the background ends with it.
    await end();
    if (unprinted !== undefined) throw unprinted.error;
    const lines = last.lines();
    const refused = code === 0 ? undefined : execRefusal(name, file, lines);
    if (refused !== undefined) throw refused;
    return { code, signal, lines };
  });
  return { pid, exit, end };
}

async function endAll(session: number): Promise<void> {
  // Mostly nobody is left but the guard, which goes last: it keeps the session's number from being taken again.
  const isLeft = signalSession(session, "SIGTERM", GUARD) && (await outlasts(session, 0));
  if (isLeft && signalSession(session, "SIGKILL", GUARD)) await outlasts(session, "SIGKILL");
  endSession(session);
}

/** Whether anybody is left after a second; whoever is gets the signal every now and then. */
async function outlasts(session: number, signal: NodeJS.Signals | 0): Promise<boolean> {
  for (let waited = 0; waited < INSIST_AFTER_MS; waited += LOOK_EVERY_MS) {
    await pause(LOOK_EVERY_MS);
    if (!signalSession(session, signal, GUARD)) return false;
  }
  return true;
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
