import { planPipeline } from "../engine/plan/plan.ts";
import { originInputOf } from "../engine/remote/origin.ts";
import { reportMistakes, tellNote, tellWarnings } from "./mistakes.ts";
import { type ExitCode, exitCode, type PipelineOptions, type Program } from "./program.ts";
import { look, openProject, readPipeline, until } from "./project.ts";
import type { RemoteChoice } from "./remotes.ts";
import { neededRemote, transfer } from "./transfers.ts";
import { transferredText } from "./views/closing.ts";
import { jsonDocument } from "./views/json.ts";
import { countText } from "./views/words.ts";

export interface PushOptions extends PipelineOptions, RemoteChoice {
  readonly until?: string;
}

/** `flow push`: sends what a pipeline has come to, and looks whether all that the remote has of it is whole. */
export async function push(program: Program, file: string, options: PushOptions): Promise<ExitCode> {
  const project = await openProject(program, options);
  const chosen = await neededRemote(program, project, options);
  const document = await readPipeline(program, project, file, options);
  if (document.pipeline === undefined) {
    return reportMistakes(program, file, document.diagnostics, options.json ? "document" : "text");
  }
  if (!options.json) tellWarnings(program, file, document.diagnostics, "text");
  const pipeline = until(document.pipeline, options.until);
  const { world } = await look(program, project, pipeline, { rerun: [] });
  const steps = planPipeline(pipeline, world);
  const lacking = steps.filter(({ state }) => state !== "cached").map(({ step }) => step.id);
  const { code, transferred, notes } = await transfer(
    program,
    project,
    { chosen, push: "checked" },
    async ({ remote }) => {
      for (const plan of steps) {
        if (plan.state !== "cached") continue;
        const { step, record } = plan;
        remote.push({ step: step.id, record, ...originInputOf(step, record, project.root) });
      }
    },
  );
  if (options.json) {
    const { pushed, pushedBytes } = transferred;
    program.stdout.write(
      jsonDocument({ remote: transferred.name, pushed, bytes: pushedBytes, lacking, problems: notes }),
    );
    return code;
  }
  for (const text of notes) tellNote(program, text);
  const [line] = transferredText(transferred);
  if (code === exitCode.ok || line !== undefined) {
    program.stdout.write(`${line ?? `remote: everything is there: ${transferred.name}`}\n`);
  }
  if (lacking.length > 0) {
    program.stdout.write(`${countText(lacking.length, "step")} not made yet: ${lacking.join(", ")}\n`);
  }
  return code;
}
