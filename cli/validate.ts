import { reportMistakes, tellWarnings } from "./mistakes.ts";
import { type ExitCode, exitCode, type PipelineOptions, type Program } from "./program.ts";
import { openProject, readPipeline } from "./project.ts";
import { jsonDocument } from "./views/json.ts";
import { countText } from "./views/words.ts";

/** `flow validate`: every mistake at once. */
export async function validate(program: Program, file: string, options: PipelineOptions): Promise<ExitCode> {
  const project = await openProject(program, options);
  const { pipeline, diagnostics } = await readPipeline(program, project, file, options);
  const isWrong = diagnostics.some(({ severity }) => severity === "error");
  if (!options.json) tellWarnings(program, file, isWrong ? [] : diagnostics, "text");
  if (isWrong) return reportMistakes(program, file, diagnostics, options.json ? "document" : "text");
  const steps = countText(pipeline?.steps.length ?? 0, "step");
  program.stdout.write(
    options.json ? jsonDocument({ file, diagnostics }) : `${file}: ${steps}, no mistakes\n`,
  );
  return exitCode.ok;
}
