import { hostname } from "node:os";
import { relative } from "node:path";
import { planPipeline } from "../engine/plan/plan.ts";
import { printableLine } from "../engine/printable.ts";
import { fromWord, isAlive } from "../engine/process-identity.ts";
import { type LastRun, lastRunOf } from "../engine/record/last-run.ts";
import type { RunRecord } from "../engine/record/run-record.ts";
import { reportMistakes, tellWarnings } from "./mistakes.ts";
import { outlooksOf } from "./outlooks.ts";
import { type ExitCode, exitCode, type PipelineOptions, type Program } from "./program.ts";
import { look, openProject, readPipeline } from "./project.ts";
import { jsonDocument } from "./views/json.ts";
import { type Paint, paintWith, wantsColour } from "./views/paint.ts";
import { planDocument, planText } from "./views/plan-text.ts";
import { columnWidth, durationText, idText, metricsText } from "./views/words.ts";

/** `flow status`: what the last run of this pipeline did, and what would run now. */
export async function status(program: Program, file: string, options: PipelineOptions): Promise<ExitCode> {
  const project = await openProject(program, options);
  const { pipeline, diagnostics } = await readPipeline(program, project, file, options);
  if (pipeline === undefined)
    return reportMistakes(program, file, diagnostics, options.json ? "document" : "text");
  if (!options.json) tellWarnings(program, file, diagnostics, "text");
  const last = lastRunOf(project.runs, pipeline);
  const steps = planPipeline(pipeline, (await look(program, project, pipeline, { rerun: [] })).world);
  const outlooks = await outlooksOf(program, project, steps);
  if (options.json) {
    const run = last.kind === "found" ? { ...last.record, outcome: outcomeOf(last) } : null;
    program.stdout.write(jsonDocument({ last: run, now: planDocument(pipeline, steps, outlooks) }));
    return exitCode.ok;
  }
  const paint = paintWith(wantsColour(program.stdout, program.env, options.color));
  program.stdout.write(`${lastText(last, paint)}\n${planText(pipeline, steps, { outlooks, paint })}`);
  return exitCode.ok;
}

type Found = LastRun & { readonly kind: "found" };

/** A run that cannot be seen (on another host, in a container, before the machine was started anew) lives while its heart beats. */
const DEAD_AFTER_MS = 10 * 60_000;

/** `crashed` where a run says it is running and its process is gone. */
function outcomeOf({ record, silent }: Found): RunRecord["outcome"] | "crashed" {
  const { outcome, host, pid, process: word } = record;
  if (outcome !== "running") return outcome;
  const identity = word === undefined ? undefined : fromWord(word);
  if (identity !== undefined) {
    const lives = isAlive(identity) ?? silent < DEAD_AFTER_MS;
    return lives ? "running" : "crashed";
  }
  // An older flow kept a pid alone, which may be another process's by now.
  if (host !== hostname()) return outcome;
  try {
    process.kill(pid, 0);
    return "running";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH" ? "crashed" : "running";
  }
}

function lastText(last: LastRun, paint: Paint): string {
  if (last.kind === "none") return "It has not run here yet.\n";
  if (last.kind === "unreadable") {
    return `The record of the last run cannot be read by this version: ${relative(process.cwd(), last.path)}\n`;
  }
  const { record } = last;
  const width = columnWidth(Object.keys(record.steps));
  const lines = Object.entries(record.steps).map(([id, step]) => {
    const seconds = step.outcome === "ran" ? durationText(step.seconds) : "";
    const told = printableLine(step.failure?.message.split("\n")[0] ?? metricsText(step.metrics));
    const outcome = printableLine(step.outcome).padEnd(11);
    return `  ${idText(printableLine(id), width)}  ${outcome}  ${seconds.padEnd(8)}  ${told}`.trimEnd();
  });
  const head = `${paint.bold("Last run")} ${printableLine(`${record.id}: ${outcomeOf(last)}`)}, ${durationText(record.seconds)}`;
  return [head, "", ...lines, ""].join("\n");
}
