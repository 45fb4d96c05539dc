import { constants } from "node:os";
import { killedBy } from "../../engine/failure.ts";
import { StepError } from "../../engine/step-type.ts";
import type { CommandContext, CommandParams } from "./declaration.ts";
import { expand, expandShell, type Paths } from "./expand.ts";
import { type Exit, type Program, startProgram } from "./program.ts";
import { peakMemoryBelow } from "./session.ts";
import { variableOf } from "./variables.ts";

/** Runs the program in the project root. When the step ends, in whatever way, all that it started has ended. */
export async function run(ctx: CommandContext): Promise<void> {
  const { params } = ctx;
  const inputs = Object.fromEntries(Object.entries(ctx.inputs).map(([name, { path }]) => [name, path]));
  const outputs = Object.fromEntries(params.outputs.map((name) => [name, ctx.output(name)]));
  const paths = { inputs, outputs };
  const { argv, variables } = commandLine(params, paths);
  ctx.signal.throwIfAborted();
  const program = startProgram({
    argv,
    cwd: ctx.root,
    env: programEnvironment(params.env, paths, variables),
    print: ctx.print,
  });
  const { code, signal, lines } = await untilEnd(ctx, program);
  ctx.signal.throwIfAborted();
  if (code !== null) ctx.metric({ exitCode: code });
  if (code !== 0) {
    const how = signal === null ? exitText(code ?? 0, params) : killedBy(signal);
    throw new StepError([`${argv[0]} ${how}`, ...lines].join("\n"));
  }
}

/** A shell tells of a program that was killed by an exit code: 128 and the signal's number. */
function exitText(code: number, { run }: CommandParams): string {
  const [signal] = Object.entries(constants.signals).find(([, number]) => number === code - 128) ?? [];
  const why = typeof run === "string" && signal !== undefined ? `: a program in it ${killedBy(signal)}` : "";
  return `ended with exit code ${code}${why}`;
}

interface CommandLine {
  readonly argv: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

function commandLine({ run, shell }: CommandParams, paths: Paths): CommandLine {
  if (typeof run !== "string") return { argv: run.map((argument) => expand(argument, paths)), variables: {} };
  const { line, variables } = expandShell(run, shell, paths);
  // The first command that fails fails the step.
  const interpreter = shell === "bash" ? ["bash", "--norc", "-eo", "pipefail"] : ["/bin/sh", "-e"];
  return { argv: [...interpreter, "-c", line], variables };
}

async function untilEnd(ctx: CommandContext, program: Program): Promise<Exit> {
  const end = (): void => void program.end();
  const memory = sampleMemory(program.pid, (bytes) => ctx.peakMemory(bytes));
  ctx.signal.addEventListener("abort", end);
  try {
    return await program.exit;
  } finally {
    memory.stop();
    ctx.signal.removeEventListener("abort", end);
  }
}

const OFTEN_MS = 20;
const SELDOM_MS = 500;
const OFTEN_FOR_MS = 3_000;

/** Looks every 20 ms in a program's first seconds, then less often. */
function sampleMemory(pid: number, tell: (bytes: number) => void): { stop(): void } {
  const started = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    tell(peakMemoryBelow(pid));
    timer = setTimeout(look, performance.now() - started < OFTEN_FOR_MS ? OFTEN_MS : SELDOM_MS);
  };
  look();
  return { stop: () => clearTimeout(timer) };
}

/** Nothing but what a program needs to run at all, and what the pipeline names. */
function programEnvironment(
  named: CommandParams["env"],
  { inputs, outputs }: Paths,
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  const passed = Object.keys(process.env).filter((name) => /^(PATH|HOME|LANG|LANGUAGE|LC_.*)$/.test(name));
  // Python would leave bytecode beside the modules that are its input.
  const env: Record<string, string> = { PYTHONDONTWRITEBYTECODE: "1" };
  const set = (name: string, value: string | null | undefined): void => {
    if (typeof value === "string") env[name] = value;
  };
  for (const name of passed) set(name, process.env[name]);
  for (const [name, value] of Object.entries(named)) {
    set(name, value === null ? process.env[name] : expand(value, { inputs, outputs }));
  }
  for (const [name, path] of Object.entries(inputs)) set(variableOf("inputs", name), path);
  for (const [name, path] of Object.entries(outputs)) set(variableOf("outputs", name), path);
  return { ...env, ...variables };
}
