import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { join, relative } from "node:path";
import type { Pipeline } from "../engine/document/pipeline.ts";
import { runPipeline } from "../engine/execute/run.ts";
import { planPipeline, type StepPlan, type World } from "../engine/plan/plan.ts";
import { ownIdentity, toWord } from "../engine/process-identity.ts";
import type { Event, RunOutcome } from "../engine/record/event.ts";
import {
  openRunFolder,
  type RunFolder,
  type RunFolderOptions,
  runId,
  withoutFolder,
} from "../engine/record/run-folder.ts";
import type { Remote, Transferred } from "../engine/remote/remote.ts";
import type { SourceStates } from "../engine/survey.ts";
import { bringAll, namesToBring } from "./bring.ts";
import { continuation, trial } from "./command-line.ts";
import { type OpenExecutor, openExecutor } from "./executors.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { reportMistakes, tellNote, tellWarnings } from "./mistakes.ts";
import { versions } from "./origin.ts";
import { type PlanOptions, plan } from "./plan.ts";
import { type ExitCode, exitCode, exitOf, type Program } from "./program.ts";
import { look, openProject, type Project, readPipeline, until } from "./project.ts";
import { remoteOfRun } from "./remotes.ts";
import { writePages } from "./run-pages.ts";
import { closingText } from "./views/closing.ts";
import { jsonView, progressFilter } from "./views/json.ts";
import { linesView } from "./views/lines.ts";
import { isCapable, type Paint, paintWith, wantsColour } from "./views/paint.ts";
import { blockedLines, blockedText } from "./views/plan-text.ts";
import { failureText } from "./views/step-line.ts";
import { summaryText } from "./views/summary.ts";
import type { View } from "./views/view.ts";

export interface RunCommandOptions extends PlanOptions {
  readonly dryRun?: boolean;
  readonly jobs?: number;
  readonly executor?: "local" | "slurm";
  /** False where none is wanted. */
  readonly remote?: string | false;
  readonly push?: "auto" | "never";
  readonly keepGoing?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly yes?: boolean;
}

/** `flow run`: brings every result of a pipeline up to date, and prints what it came to. */
export async function run(program: Program, file: string, options: RunCommandOptions): Promise<ExitCode> {
  if (options.dryRun) return plan(program, file, options);
  const project = await openProject(program, options);
  const environment = versions(program.version, project.root);
  const document = await readPipeline(program, project, file, options);
  if (document.pipeline === undefined) {
    return reportMistakes(program, file, document.diagnostics, options.json ? "lines" : "text");
  }
  tellWarnings(program, file, document.diagnostics, options.json ? "lines" : "text");
  const pipeline = until(document.pipeline, options.until);
  let { world, sources } = await look(program, project, pipeline, options);
  const paint = paintWith(wantsColour(program.stdout, program.env, options.color));
  const errorPaint = paintWith(wantsColour(program.stderr, program.env, options.color));
  let steps = planPipeline(pipeline, world);
  const lacking = namesToBring(steps);
  if (options.yes && lacking.length > 0) {
    const quiet = Boolean(options.json || options.quiet);
    if (!(await bringAll(lacking, { program, home: project.home, quiet }))) return exitCode.interrupted;
    ({ world, sources } = await look(program, project, pipeline, options));
    steps = planPipeline(pipeline, world);
  }
  if (steps.some(({ state }) => state === "blocked")) {
    if (options.json) program.stdout.write(blockedLines(steps));
    else program.stderr.write(blockedText(steps, errorPaint));
    if (!options.json && !options.yes && lacking.length > 0) {
      program.stderr.write(`To bring it on the way: ${continuation(program)} --yes\n`);
    }
    return exitCode.usage;
  }
  project.cache.sweep();
  const id = runId(new Date(), pipeline.name, randomBytes(2).toString("hex"));
  const artifact = (digest: string): string => project.cache.artifacts.path(digest);
  const folder = openRecord({ runs: project.runs, id, text: document.text, artifact }, steps);
  const view = await openView(program, options, { paint, steps: steps.length, logFile: folder.logFile });
  const { failures, transferred } = await follow({
    program,
    placing: await openExecutor(program, project, { ...options, run: id }),
    project,
    pipeline,
    world,
    sources,
    folder,
    view,
    id,
    options,
    environment: await environment,
  });
  const record = folder.record();
  const pages = folder.isKept ? await writePages(program, project, { id, folder: folder.path, record }) : [];

  if (!options.json) {
    const shown = { record, types: program.types, pipeline, paint, artifact };
    const path = asTyped(folder.path);
    for (const failure of failures) {
      const log = join(path, "logs", `${failure.step}.log`);
      program.stderr.write(`\n${failureText(failure, log, errorPaint).join("\n")}\n`);
    }
    program.stdout.write(summaryText(shown));
    const again = continuation(program);
    const shownFolder = folder.isKept ? path : undefined;
    const shownPages = pages.map(asTyped);
    const commands = { again, trial: trial(program, options) };
    const closing = { record, folder: shownFolder, pages: shownPages, ...commands, paint, transferred };
    if (!options.quiet) program.stdout.write(closingText(closing));
  }
  return codeOf(record.outcome, failures);
}

/** A path, as people in the working directory would type it. */
function asTyped(path: string): string {
  return relative(process.cwd(), path) || ".";
}

/** The run's folder. A run with nothing to do needs none: where none can be made, it goes without. */
function openRecord(options: RunFolderOptions, steps: readonly StepPlan[]): RunFolder {
  try {
    return openRunFolder(options);
  } catch (error) {
    if (steps.some(({ state }) => state !== "cached")) throw error;
    return withoutFolder(join(options.runs, options.id));
  }
}

interface FollowOptions {
  readonly program: Program;
  readonly placing: OpenExecutor;
  readonly project: Project;
  readonly pipeline: Pipeline;
  readonly world: World;
  readonly sources: SourceStates;
  readonly folder: RunFolder;
  readonly view: View;
  readonly id: string;
  readonly options: RunCommandOptions;
  readonly environment: Record<string, string>;
}

type Failed = Event & { kind: "step-finished" };

/** What came of it: the steps that failed, and what a remote gave and got. */
interface Followed {
  readonly failures: readonly Failed[];
  readonly transferred?: Transferred & { readonly name: string };
}

/** Runs the pipeline; every event goes into the run's folder and to the view. */
async function follow(following: FollowOptions): Promise<Followed> {
  const { program, project, pipeline, world, sources, folder, view, id, options, environment, placing } =
    following;
  const kept = progressFilter(2);
  const failures: Failed[] = [];
  const interrupts = listenForInterrupts(program.env, (text) => program.stderr.write(text));
  // What is drawn in place is not written into.
  const notes: string[] = [];
  const remote = await remoteOfRun(program, project, {
    ...options,
    signal: interrupts.stop,
    note: (text) => void notes.push(text),
  });
  let transferred: Transferred | undefined;
  let broken: unknown;
  const emit = (event: Event): void => {
    if (event.kind === "step-finished" && event.outcome === "failed") failures.push(event);
    view.add(event);
    if (!kept(event)) return;
    try {
      folder.add(event);
    } catch (error) {
      // A run that cannot be written down ends; the first reason is the one to tell.
      if (broken === undefined) interrupts.stopNow();
      broken ??= error;
    }
  };
  const timer = setInterval(() => view.tick?.(Date.now()), TICK_MS);
  try {
    await runPipeline(
      {
        id,
        pipeline,
        world,
        root: project.root,
        home: project.home,
        runs: project.runs,
        jobs: placing.jobs,
        keepGoing: options.keepGoing ?? false,
        executor: placing.executor,
        origin: { host: hostname(), pid: process.pid, process: toWord(ownIdentity()), environment },
      },
      {
        types: program.types,
        cache: project.cache,
        sources,
        now: () => new Date(),
        emit,
        logFile: folder.logFile,
        ...(remote === undefined ? {} : { remote }),
      },
      interrupts,
    );
  } finally {
    transferred = await closed(program, remote);
    clearInterval(timer);
    interrupts.close();
    await placing.executor.close();
    await view.close();
    for (const text of notes) tellNote(program, text);
  }
  if (broken !== undefined) throw broken;
  return {
    failures,
    ...(remote && transferred ? { transferred: { name: remote.name, ...transferred } } : {}),
  };
}

const WORTH_A_WORD_MS = 2_000;

/** Waits for what is still being sent, and says so. */
async function closed(program: Program, remote: Remote | undefined): Promise<Transferred | undefined> {
  if (remote === undefined) return undefined;
  const word = setTimeout(
    () => tellNote(program, `still sending to ${remote.name}; Ctrl-C leaves the rest to \`flow push\``),
    WORTH_A_WORD_MS,
  );
  try {
    return await remote.close();
  } finally {
    clearTimeout(word);
  }
}

const TICK_MS = 250;

interface Shown {
  readonly paint: Paint;
  /** How many there are. */
  readonly steps: number;
  logFile(step: string): string;
}

async function openView(
  program: Program,
  options: RunCommandOptions,
  { paint, steps, logFile }: Shown,
): Promise<View> {
  const { stdout } = program;
  // What is higher than the terminal cannot be drawn again in place.
  const fits = steps < (stdout.rows || 24) - 4;
  if (options.json) return jsonView((line) => stdout.write(line));
  if (options.quiet) return { add() {}, close: async () => {} };
  const redraws = stdout.isTTY && isCapable(program.env) && !program.env.CI;
  if (!redraws || options.verbose || !fits) {
    const verbose = options.verbose ? { verbose: logFile } : {};
    return linesView({ paint, ...verbose, write: (text) => stdout.write(text) });
  }
  const { liveView } = await import("./views/live.ts");
  return liveView(paint, () => stdout.columns || 80);
}

function codeOf(outcome: RunOutcome | "running", failures: readonly Failed[]): ExitCode {
  if (outcome === "interrupted") return exitCode.interrupted;
  const codes = failures.map(({ failure }) => exitOf(failure?.kind ?? "step", "in a step"));
  return codes.includes(exitCode.machine) ? exitCode.machine : (codes[0] ?? exitCode.ok);
}
