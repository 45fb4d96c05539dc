import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Finished, repository, until } from "../cli/flow.ts";

const program = join(repository, "dist/flow.js");
const preload = new URL("./preload.mjs", import.meta.url).href;

export const errors = ["EIO", "ENOSPC", "EMFILE"] as const;

/**
 * What goes wrong at a call: an error that the call ends with, a disk that is
 * full from then on, the death of the process before it (`kill`) or when half of
 * it is done (`tear`), or a power cut before it: all processes end, and what was
 * not synced is lost.
 */
export type Fault = (typeof errors)[number] | "full" | "kill" | "tear" | "cut";

/** A call of a process: both counted from the start, the processes by role. */
export interface Point {
  /** Calls that change the disk, or that read the project. */
  readonly of: "writes" | "reads";
  /** `engine.0`, `worker.0`, … */
  readonly process: string;
  readonly at: number;
}

/** One line of the trace. Lines of all processes stand in the order in which things happened. */
export interface Traced {
  readonly process: string;
  /** Number of a call that begins, or ends. */
  readonly begin?: number;
  readonly end?: number;
  /** Number of a call that reads. */
  readonly read?: number;
  readonly call?: string;
  readonly path?: string;
  readonly from?: string;
  /** What a rename moves, by name and inode. */
  readonly moved?: readonly (readonly [name: string, inode: number])[];
  /** Inodes of what a call changed, and of its folder. */
  readonly touched?: readonly (number | null)[];
  /** The call syncs what it wrote. */
  readonly flushed?: true;
  /** Pid of a program that was started. */
  readonly started?: number;
}

export interface Disturbed extends Finished {
  readonly trace: readonly Traced[];
}

export interface FlowOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const run = ["run", "p.yaml", "-j", "1"];

/** Runs the built program on a project, as users do. */
export function flow(project: string, { args = run, env = {} }: FlowOptions = {}): Promise<Finished> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: project,
    env: { PATH: process.env.PATH, HOME: project, FLOW_HOME: join(project, "home"), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, for power cuts.
    detached: true,
  });
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (data) => {
      printed[name] += data;
    });
  }
  return new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, ...printed }));
  });
}

/**
 * Runs flow with a fault at one call, or with none, and writes down every call
 * that changes the disk. Everything that it started has ended afterwards.
 *
 * @param notes an empty folder, for the trace.
 */
export async function disturbed(
  project: string,
  notes: string,
  disturbance?: Point & { readonly fault: Fault },
): Promise<Disturbed> {
  mkdirSync(notes, { recursive: true });
  const isCut = disturbance?.fault === "cut";
  const plan = { ...disturbance, ...(isCut ? { fault: "kill", whole: true } : {}), folder: notes };
  const env = { NODE_OPTIONS: `--import ${preload}`, FLOW_TORTURE: JSON.stringify(plan) };
  const finished = await flow(project, { env });
  const trace = readTrace(notes);
  const started = trace.flatMap((line) => line.started ?? []);
  await until(() => !started.some(isRunning), `what flow started to end: ${started}`);
  return { ...finished, trace: readTrace(notes) };
}

function readTrace(notes: string): readonly Traced[] {
  const text = readFileSync(join(notes, "trace.ndjson"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Traced);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie whose parent died has ended: whoever adopts it may take its time.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
