import { type Command, CommanderError } from "commander";
import { type Call, describeCommands } from "./commands.ts";
import { SettingsError } from "./config.ts";
import { keepDeaf } from "./interrupts.ts";
import { type MistakeFormat, reportMistakes, tellMistake } from "./mistakes.ts";
import { placesOf } from "./places.ts";
import { type ExitCode, exitCode, exitOf, type Program, UsageError } from "./program.ts";

const description = "Runs pipelines that learn from more pictures than memory holds.";

/** Parses the command line, runs one command, and returns the exit code. */
export async function main(program: Program): Promise<number> {
  const { stdout, stderr, env } = program;
  keepDeaf(env);
  let code: ExitCode = exitCode.ok;
  let unheard: ExitCode | undefined;
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // `flow run … | head`, or a terminal that was closed: that nobody listens must not end the run.
      if (error.code !== "EPIPE" && error.code !== "EIO") unheard = exitCode.machine;
    });
  }
  const cli: Command = describeCommands(program, description, async (called) => {
    code = await guarded(program, called);
  });
  try {
    await cli.parseAsync([...program.arguments], { from: "user" });
    return unheard ?? code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    throw error;
  }
}

/** A command whose mistakes are sentences: only a mistake in flow gets through. */
async function guarded(program: Program, { options, format, command }: Call): Promise<ExitCode> {
  const told: MistakeFormat = options.json ? format : "text";
  try {
    return await command();
  } catch (error) {
    if (error instanceof UsageError) {
      tellMistake(program, error.message, told);
      return exitCode.usage;
    }
    if (error instanceof SettingsError) {
      return reportMistakes(program, "flow.config.yaml", error.diagnostics, told);
    }
    const { describeFailure } = await import("../engine/failure.ts");
    const { runs, cache, home } = placesOf(program, options);
    // Whatever goes wrong in flow's own folders is not the user's mistake.
    const failure = describeFailure(error, [runs, cache, home]);
    if (failure.kind === "bug") throw error;
    tellMistake(program, failure.message, told);
    return exitOf(failure.kind, "before it started");
  }
}
