import type { ReadStream, WriteStream } from "node:tty";
import type { WorkerCommand } from "../engine/execute/local.ts";
import type { Failure } from "../engine/failure.ts";
import type { Exports, Networks, Pages, Predictors, Probes, Setups } from "../engine/machine.ts";
import type { Servers } from "../engine/serving.ts";
import type { StepType } from "../engine/step-type.ts";

/** What the composition root hands to the commands. */
export interface Program {
  /** Without the program's own name. */
  readonly arguments: readonly string[];
  /** Of the program. */
  readonly version: string;
  readonly types: ReadonlyMap<string, StepType>;
  readonly worker: WorkerCommand;
  /** What can be brought beside flow itself. */
  setups(): Promise<Setups>;
  /** What is to be known of the machine that only steps know. */
  probes(): Promise<Probes>;
  /** Of what networks are made. */
  networks(): Promise<Networks>;
  /** What models say of pictures. */
  predictors(): Promise<Predictors>;
  /** How models answer over HTTP. */
  servers(): Promise<Servers>;
  /** How results are written for other programs. */
  exports(): Promise<Exports>;
  /** How results are shown to people. */
  pages(): Promise<Pages>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly stderr: WriteStream;
}

/** The exit codes of every command. */
export const exitCode = {
  ok: 0,
  /** A step failed. */
  stepFailed: 1,
  /** The command, the pipeline or something it requires is wrong or missing; nothing was started. */
  usage: 2,
  /** `flow plan --check`: something would run. */
  wouldRun: 3,
  /** The machine: disk full, cache damaged, network down. */
  machine: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** The exit code for a failure, by whose fault it is and by whether anything had been started. */
export function exitOf(kind: Failure["kind"], when: "before it started" | "in a step"): ExitCode {
  if (kind === "machine") return exitCode.machine;
  return when === "in a step" ? exitCode.stepFailed : exitCode.usage;
}

/** Options that every command takes. */
export interface CommonOptions {
  /** `-C`: the project root. */
  readonly directory?: string;
  readonly cache?: string;
  readonly json?: boolean;
  readonly color: boolean;
}

/** Options of the commands that read a pipeline. */
export interface PipelineOptions extends CommonOptions {
  readonly set: readonly string[];
}

/** A mistake in how the command was called, or something it cannot do without: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
