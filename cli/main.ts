import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { exitCode, type Program, UsageError } from "./program.ts";

/** Parses the command line, runs one command, and returns the exit code. */
export async function main(program: Program): Promise<number> {
  const { stdout, stderr } = program;
  // `flow run … | head`: a reader that goes away must not end the run.
  for (const stream of [stdout, stderr]) stream.on("error", ignoreClosedPipe);
  let code: number = exitCode.ok;
  const cli = describe(program, (result) => {
    code = result;
  });
  try {
    await cli.parseAsync([...program.arguments], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    if (error instanceof UsageError) {
      stderr.write(`flow: ${error.message}\n`);
      return exitCode.usage;
    }
    const { describeFailure } = await import("../engine/execute/execute-task.ts");
    const failure = describeFailure(error);
    if (failure.kind === "bug") throw error;
    stderr.write(`flow: ${failure.message}\n`);
    return failure.kind === "step" ? exitCode.usage : exitCode.environment;
  }
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

function describe(program: Program, done: (code: number) => void): Command {
  const { stdout, stderr } = program;
  const cli = new Command("flow")
    .description("Runs pipelines that learn from more pictures than memory holds.")
    .version(program.version, "--version", "print the version")
    .exitOverride()
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .showHelpAfterError("(flow --help shows what there is)")
    .addHelpText(
      "after",
      "\nExit codes: 0 all well, 1 a step failed, 2 the command or the pipeline is wrong or something\n" +
        "it requires is missing, 3 plan --check and something would run, 4 disk or cache, 130 interrupted.",
    );
  // Each command is loaded when it is called: help costs nothing.
  addRunOptions(pipelineCommand(cli, "run", "bring every result of a pipeline up to date"))
    .option("-n, --dry-run", "only show what would run, and why (flow plan)")
    .option(
      "-j, --jobs <count>",
      "how many steps may run at a time (default: the number of cores)",
      readCount,
    )
    .option("-k, --keep-going", "after a failure, go on with all that does not need what failed")
    .option("-q, --quiet", "print nothing but failures and the summary")
    .option("-v, --verbose", "print what steps log")
    .action(async (file, _options, command) => {
      const options = command.optsWithGlobals();
      if (options.dryRun) done(await (await import("./plan.ts")).plan(program, file, options));
      else done(await (await import("./run.ts")).run(program, file, options));
    });
  addRunOptions(pipelineCommand(cli, "plan", "show what would run, and why"))
    .option("--check", "exit with 3 if anything would run")
    .action(async (file, _options, command) => {
      done(await (await import("./plan.ts")).plan(program, file, command.optsWithGlobals()));
    });
  pipelineCommand(cli, "validate", "report every mistake in a pipeline file").action(
    async (file, _options, command) => {
      done(await (await import("./validate.ts")).validate(program, file, command.optsWithGlobals()));
    },
  );
  pipelineCommand(cli, "status", "show what the last run did and what would run now").action(
    async (file, _options, command) => {
      done(await (await import("./status.ts")).status(program, file, command.optsWithGlobals()));
    },
  );
  pipelineCommand(cli, "graph", "print the pipeline's graph")
    .addOption(
      new Option("--format <name>", "language of the graph").choices(["mermaid", "dot"]).default("mermaid"),
    )
    .action(async (file, _options, command) => {
      done(await (await import("./graph.ts")).graph(program, file, command.optsWithGlobals()));
    });
  return cli;
}

function pipelineCommand(cli: Command, name: string, description: string): Command {
  return cli
    .command(name)
    .description(description)
    .argument("<pipeline>", "the pipeline file")
    .option("-C, --directory <dir>", "the project root: where relative paths start (default: here)")
    .option("--cache <dir>", "where results are kept (default: $FLOW_CACHE, else .flow)")
    .option("-S, --set <name=value>", "set a param, or steps.<id>.with.<path>; may be repeated", collect, [])
    .option("--json", "print JSON")
    .option("--no-color", "no colours (also: NO_COLOR)");
}

function addRunOptions(command: Command): Command {
  return command
    .option("-f, --force", "run every step, whatever is cached")
    .option("-R, --rerun <step>", "run this step, whatever is cached; may be repeated", collect, [])
    .option("--until <step>", "only this step and what it needs");
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function readCount(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError("A whole number from 1 on is needed.");
  return Number(value);
}
