import type { Diagnostic } from "../engine/document/diagnostic.ts";
import { renderDiagnostics } from "../engine/document/render.ts";
import { type CommonOptions, type ExitCode, exitCode, type Program } from "./program.ts";

/** What a command prints where a pipeline has mistakes: nothing was started. */
export function reportMistakes(
  program: Program,
  file: string,
  diagnostics: readonly Diagnostic[],
  options: CommonOptions,
): ExitCode {
  if (options.json) program.stdout.write(`${JSON.stringify({ file, diagnostics }, null, 2)}\n`);
  else program.stderr.write(renderDiagnostics(diagnostics));
  return exitCode.usage;
}
