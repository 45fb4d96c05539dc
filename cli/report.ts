import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { relative } from "node:path";
import { type FoundRun, findStep } from "../engine/record/find-run.ts";
import { type CommonOptions, type ExitCode, exitCode, type Program, UsageError } from "./program.ts";
import { namedRun, openProject, type Project } from "./project.ts";
import { makePage, outputOf, pagePath } from "./run-pages.ts";
import { jsonDocument } from "./views/json.ts";

export interface ReportOptions extends CommonOptions {
  readonly step?: string;
  readonly open?: boolean;
}

/** `flow report`: where the page of a run's report is. It is made where it is not there. */
export async function report(program: Program, name: string, options: ReportOptions): Promise<ExitCode> {
  const project = await openProject(program, options);
  const run = namedRun(project, name);
  const found = findStep(run, "report", options.step);
  if (typeof found === "string") throw new UsageError(found);
  const { step } = found;
  const page = pagePath(program, run, step);
  if (!existsSync(page)) await make(program, project, run, step);
  if (options.open) await openInBrowser(page);
  const path = relative(process.cwd(), page);
  program.stdout.write(options.json ? jsonDocument({ run: run.id, step, page }) : `${path}\n`);
  return exitCode.ok;
}

async function make(program: Program, project: Project, run: FoundRun, step: string): Promise<void> {
  const { id, record } = run;
  const { file = "" } = record;
  const again = file === "" ? "run its pipeline again" : `flow run ${file} makes it`;
  const digest = outputOf(program, record, step)?.digest;
  if (digest === undefined) throw new UsageError(`${id} has no report: ${step} did not end well there`);
  if (!existsSync(project.cache.artifacts.path(digest))) {
    throw new UsageError(`the report of ${id} is not in the cache any more: ${again}`);
  }
  if ((await makePage(program, project, run, step)) !== undefined) return;
  throw new UsageError(`the report of ${id} is an older flow's and has no page: ${again}`);
}

/** What the desktop opens files with; it goes on when this process has ended. */
async function openInBrowser(page: string): Promise<void> {
  const opener = process.platform === "darwin" ? "open" : "xdg-open";
  const child = spawn(opener, [page], { detached: true, stdio: "ignore" });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", () => {
      reject(new UsageError(`there is no ${opener} here: open ${page} yourself`));
    });
  });
  child.unref();
}
