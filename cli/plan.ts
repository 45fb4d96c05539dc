import { planPipeline } from "../engine/plan/plan.ts";
import { reportMistakes, tellWarnings, warningsOf } from "./mistakes.ts";
import { outlooksOf } from "./outlooks.ts";
import { type ExitCode, exitCode, type PipelineOptions, type Program } from "./program.ts";
import { type ForceOptions, look, openProject, readPipeline, until } from "./project.ts";
import { jsonDocument } from "./views/json.ts";
import { paintWith, wantsColour } from "./views/paint.ts";
import { planDocument, planText } from "./views/plan-text.ts";

export interface PlanOptions extends PipelineOptions, ForceOptions {
  readonly until?: string;
  readonly check?: boolean;
}

/** `flow plan`: what would run, and why. */
export async function plan(program: Program, file: string, options: PlanOptions): Promise<ExitCode> {
  const project = await openProject(program, options);
  const document = await readPipeline(program, project, file, options);
  if (document.pipeline === undefined) {
    return reportMistakes(program, file, document.diagnostics, options.json ? "document" : "text");
  }
  const { diagnostics } = document;
  if (!options.json) tellWarnings(program, file, diagnostics, "text");
  const pipeline = until(document.pipeline, options.until);
  const steps = planPipeline(pipeline, (await look(program, project, pipeline, options)).world);
  const outlooks = await outlooksOf(program, project, steps);
  const paint = paintWith(wantsColour(program.stdout, program.env, options.color));
  program.stdout.write(
    options.json
      ? jsonDocument({ ...planDocument(pipeline, steps, outlooks), diagnostics: warningsOf(diagnostics) })
      : planText(pipeline, steps, { outlooks, paint }),
  );
  if (steps.some(({ state }) => state === "blocked")) return exitCode.usage;
  if (options.check && steps.some(({ state }) => state !== "cached")) return exitCode.wouldRun;
  return exitCode.ok;
}
