import { spawn } from "node:child_process";

/** A Python that has pip. */
export interface Python {
  readonly command: string;
  /** "Python 3.11.7, pip 23.2.1". */
  readonly version: string;
}

/** How long a Python may take to tell its version. */
const PATIENCE_MS = 30_000;

/** The first Python 3 on the path that has pip. */
export async function findPython(env: NodeJS.ProcessEnv): Promise<Python | undefined> {
  for (const command of ["python3", "python"]) {
    const script =
      "import sys, pip; print('Python %d.%d.%d, pip %s' % (*sys.version_info[:3], pip.__version__))";
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const { code, stdout } = await runProgram(command, ["-c", script], { env, signal });
    if (code === 0 && stdout.startsWith("Python 3")) return { command, version: stdout.trim() };
  }
  return undefined;
}

export interface ProgramOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Ends the program and all that it has started. */
  readonly signal?: AbortSignal;
}

export interface Finished {
  /** `undefined` where it could not be started, or was ended by a signal. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const KEPT = 64_000;
const GRACE_MS = 2_000;

/** Runs a program in `/`, in a process group of its own; never rejects. */
export function runProgram(
  command: string,
  args: readonly string[],
  { env, signal }: ProgramOptions,
): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env,
      // Not where flow was started: Python would take a `random.py` there for its own.
      cwd: "/",
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data: Buffer) => {
      stdout = (stdout + data).slice(-KEPT);
    });
    child.stderr.on("data", (data: Buffer) => {
      stderr = (stderr + data).slice(-KEPT);
    });
    const end = (how: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, how);
      } catch {
        // It has ended.
      }
    };
    let patience: NodeJS.Timeout | undefined;
    const stop = (): void => {
      end("SIGTERM");
      patience = setTimeout(end, GRACE_MS, "SIGKILL");
    };
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    const finish = (code: number | null): void => {
      clearTimeout(patience);
      signal?.removeEventListener("abort", stop);
      resolve({ code: code ?? undefined, stdout, stderr });
    };
    child.on("error", () => finish(null));
    child.on("close", finish);
  });
}
