import { execa } from "execa";
import { StepError } from "../../engine/step-type.ts";
import type { CommandContext, CommandParams } from "./declaration.ts";
import { expand, expandShell } from "./expand.ts";

const KILL_AFTER_MS = 5_000;
const LAST_LINES = 10;

/** Runs the program in the project root, in a process group of its own. */
export async function run(ctx: CommandContext): Promise<void> {
  const { params } = ctx;
  const inputs = Object.fromEntries(Object.entries(ctx.inputs).map(([name, { path }]) => [name, path]));
  const outputs = Object.fromEntries(params.outputs.map((name) => [name, ctx.output(name)]));
  const paths = { inputs, outputs };
  const [program = "", ...args] =
    typeof params.run === "string"
      ? ["/bin/sh", "-c", expandShell(params.run, paths)]
      : params.run.map((argument) => expand(argument, paths));

  const child = execa(program, args, {
    cwd: ctx.root,
    env: programEnvironment(params.env, inputs, outputs),
    extendEnv: false,
    // A group of its own, so that its children end with it.
    detached: true,
    cleanup: false,
    stdin: "ignore",
    all: true,
    buffer: false,
    reject: false,
  });
  const last: string[] = [];
  const endGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It is gone already.
    }
  };
  const onAbort = (): void => {
    endGroup("SIGTERM");
    setTimeout(() => endGroup("SIGKILL"), KILL_AFTER_MS).unref();
  };
  const onExit = (): void => endGroup("SIGKILL");
  ctx.signal.addEventListener("abort", onAbort);
  process.on("exit", onExit);
  try {
    ctx.signal.throwIfAborted();
    for await (const line of child.iterable({ from: "all" })) {
      ctx.log(line);
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
    }
    const result = await child;
    ctx.signal.throwIfAborted();
    if (result.exitCode !== undefined) ctx.metric({ exitCode: result.exitCode });
    if (result.failed) throw new StepError([`${program} ${describe(result)}`, ...last].join("\n"));
  } finally {
    ctx.signal.removeEventListener("abort", onAbort);
    process.off("exit", onExit);
  }
}

function describe(result: {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
}): string {
  if (result.code === "ENOENT") return "is not there, or not in PATH";
  if (result.code === "EACCES") return "is not executable";
  if (result.signal !== undefined) return `was killed by ${result.signal}`;
  return `ended with exit code ${result.exitCode ?? "unknown"}`;
}

/** Nothing but what a program needs to run at all, and what the pipeline names. */
function programEnvironment(
  named: CommandParams["env"],
  inputs: Readonly<Record<string, string>>,
  outputs: Readonly<Record<string, string>>,
): Record<string, string> {
  const passed = Object.keys(process.env).filter((name) => /^(PATH|HOME|LANG|LANGUAGE|LC_.*)$/.test(name));
  const env: Record<string, string> = {};
  const set = (name: string, value: string | null | undefined): void => {
    if (typeof value === "string") env[name] = value;
  };
  for (const name of passed) set(name, process.env[name]);
  for (const [name, value] of Object.entries(named))
    set(name, value === null ? process.env[name] : String(value));
  const variable = (kind: string, name: string): string =>
    `FLOW_${kind}_${name.toUpperCase().replaceAll("-", "_")}`;
  for (const [name, path] of Object.entries(inputs)) set(variable("INPUT", name), path);
  for (const [name, path] of Object.entries(outputs)) set(variable("OUTPUT", name), path);
  return env;
}
