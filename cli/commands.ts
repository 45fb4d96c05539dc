import { Command, Option } from "commander";
import { printable } from "../engine/printable.ts";
import { type CommandSpec, commands, pipelineFile } from "./command-list.ts";
import { tellMistake } from "./mistakes.ts";
import { collect } from "./option-values.ts";
import type { CommonOptions, ExitCode, Program } from "./program.ts";

/** A command that was called. */
export interface Call {
  readonly options: CommonOptions;
  /** How it prints JSON. */
  readonly format: CommandSpec["format"];
  command(): Promise<ExitCode>;
}

/** Of every command; they may also stand before it, as with git and make: `flow -C dir run …`. */
const pipelineOptions = (): readonly Option[] => [
  new Option("-C, --directory <dir>", "the project root: where relative paths start (default: here)"),
  new Option("--cache <dir>", "where results are kept (default: $FLOW_CACHE, else .flow)"),
  new Option("-S, --set <name=value>", "set a param, or steps.<id>.with.<path>; may be repeated")
    .argParser(collect)
    .default([], "none"),
  new Option("--json", "print JSON"),
  new Option("--no-color", "no colours (also: NO_COLOR)"),
];

/** The command line: every command with its options. */
export function describeCommands(
  program: Program,
  description: string,
  call: (called: Call) => Promise<void>,
): Command {
  const { stdout, stderr, arguments: words } = program;
  const wantsJson = words.includes("--json");
  const format = commands.find(({ name }) => words.includes(name))?.format ?? "document";
  const cli = new Command("flow")
    .description(description)
    .version(program.version, "--version", "print the version")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => !wantsJson && stderr.write(printable(text)),
      outputError(text, write) {
        if (wantsJson) tellMistake(program, text.replace(/^error: /, "").trimEnd(), format);
        else write(text);
      },
    })
    .showHelpAfterError("(flow --help shows what there is)")
    .addHelpText(
      "after",
      "\nExit codes: 0 all well, 1 a step failed, 2 the command or the pipeline is wrong or something\n" +
        "it requires is missing, 3 plan --check and something would run, 4 disk, cache or network, 130 interrupted.",
    );
  for (const option of pipelineOptions()) cli.addOption(option);
  for (const { name, description, takes = [pipelineFile], options, format, load } of commands) {
    const command = cli.command(name).description(description);
    for (const argument of takes) command.argument(argument.form, argument.description);
    const isList = takes.some(({ form }) => form.includes("..."));
    for (const option of options) command.addOption(option);
    command.action(async () => {
      const given = command.optsWithGlobals();
      await call({
        options: given as CommonOptions,
        format,
        command: async () => {
          const words = isList ? command.args : command.args[0];
          return (await load())(program, words as never, given as never);
        },
      });
    });
  }
  return cli;
}
