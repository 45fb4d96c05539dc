import type { Diagnostic } from "../engine/document/diagnostic.ts";
import { renderDiagnostics } from "../engine/document/render.ts";
import { printable, printableLine } from "../engine/printable.ts";
import { type ExitCode, exitCode, type Program } from "./program.ts";
import { jsonDocument, jsonLine } from "./views/json.ts";

/** `lines`: an object a line, for the stream of `flow run --json`; `document`: one JSON document. */
export type MistakeFormat = "text" | "lines" | "document";

/** What is worth a word and keeps nothing from running; a document carries it itself. */
export function tellWarnings(
  program: Program,
  file: string,
  diagnostics: readonly Diagnostic[],
  format: Exclude<MistakeFormat, "document">,
): void {
  const warnings = warningsOf(diagnostics);
  if (warnings.length > 0) reportMistakes(program, file, warnings, format);
}

export function warningsOf(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === "warning");
}

/** What a command prints where a pipeline has mistakes: nothing was started. */
export function reportMistakes(
  program: Program,
  file: string,
  diagnostics: readonly Diagnostic[],
  format: MistakeFormat,
): ExitCode {
  switch (format) {
    case "text":
      program.stderr.write(renderDiagnostics(diagnostics));
      break;
    case "lines":
      for (const diagnostic of diagnostics) {
        program.stdout.write(jsonLine({ kind: "diagnostic", ...diagnostic }));
      }
      break;
    case "document":
      program.stdout.write(jsonDocument({ file, diagnostics }));
      break;
    default:
      format satisfies never;
  }
  return exitCode.usage;
}

/** A sentence that people should know. */
export function tellNote({ stderr }: Pick<Program, "stderr">, text: string): void {
  stderr.write(`Note: ${printableLine(text)}\n`);
}

/** One sentence about what has no place in a pipeline file: how the command was called, or the machine. */
export function tellMistake({ stdout, stderr }: Program, message: string, format: MistakeFormat): void {
  const mistake = { severity: "error", message };
  switch (format) {
    case "text":
      stderr.write(printable(`flow: ${message}\n`));
      return;
    case "lines":
      stdout.write(jsonLine({ kind: "diagnostic", ...mistake }));
      return;
    case "document":
      stdout.write(jsonDocument({ diagnostics: [mistake] }));
      return;
    default:
      format satisfies never;
  }
}
