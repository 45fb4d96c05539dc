import { existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { printable } from "../engine/printable.ts";
import type { FoundRun } from "../engine/record/find-run.ts";
import { replaceFile } from "../engine/record/run-folder.ts";
import type { RunRecord } from "../engine/record/run-record.ts";
import { isRunOf } from "../engine/record/runs.ts";
import type { Program } from "./program.ts";
import type { Project } from "./project.ts";

type Run = Pick<FoundRun, "id" | "folder" | "record">;

/**
 * Writes the pages of a run's results into its folder. Where nothing ran, a page
 * is a link to that of the run that made the result, and nothing is loaded. A page
 * that cannot be made is told of, and fails no run: the results are there.
 *
 * @returns their paths.
 */
export async function writePages(program: Program, project: Project, run: Run): Promise<readonly string[]> {
  const pages: string[] = [];
  for (const step of stepsWithPages(program, run.record)) {
    try {
      const page =
        linkToEarlier(program, project, run, step) ?? (await makePage(program, project, run, step));
      if (page !== undefined) pages.push(page);
    } catch (error) {
      const { message } = error as Error;
      program.stderr.write(printable(`flow: the page of ${step} could not be made: ${message}\n`));
    }
  }
  return pages;
}

/** Where the page of a step lies in the folder of its run. */
export function pagePath(program: Program, { folder, record }: Omit<Run, "id">, step: string): string {
  const isOnly = stepsOfType(program, record).length < 2;
  return join(folder, isOnly ? "report.html" : `report-${step}.html`);
}

/** Makes a page anew; `undefined` where there is nothing that it could show. */
export async function makePage(
  program: Program,
  project: Project,
  run: Run,
  step: string,
): Promise<string | undefined> {
  const output = outputOf(program, run.record, step);
  if (output === undefined) return undefined;
  const text = await (await program.pages()).renderPage({
    folder: project.cache.artifacts.path(output.digest),
    record: run.record,
    pipeline: readFileSync(join(run.folder, "pipeline.yaml"), "utf8"),
  });
  if (text === undefined) return undefined;
  const path = pagePath(program, run, step);
  replaceFile(path, text);
  return path;
}

/** Steps that could have a page, whether they came to a result or not. */
function stepsOfType({ types }: Program, { steps }: RunRecord): readonly string[] {
  return Object.keys(steps).filter((id) => types.get(steps[id]?.uses ?? "")?.page !== undefined);
}

function stepsWithPages(program: Program, record: RunRecord): readonly string[] {
  return stepsOfType(program, record).filter((step) => outputOf(program, record, step) !== undefined);
}

/** The output that a step's page shows, where the step has made it. */
export function outputOf({ types }: Program, { steps }: RunRecord, step: string) {
  const page = types.get(steps[step]?.uses ?? "")?.page;
  return page === undefined ? undefined : steps[step]?.outputs[page];
}

function linkToEarlier(program: Program, project: Project, run: Run, step: string): string | undefined {
  const { steps } = run.record;
  const { from } = steps[step] ?? {};
  // Where anything else ran, the page has other things to say than that of before.
  if (from === undefined || Object.values(steps).some(({ outcome }) => outcome !== "cached"))
    return undefined;
  const path = pagePath(program, run, step);
  const earlier = pagePath(program, { ...run, folder: join(project.runs, from) }, step);
  // The result may be another pipeline's.
  if (!isRunOf(run.record.pipeline, from) || !existsSync(earlier)) return undefined;
  rmSync(path, { force: true });
  symlinkSync(relative(run.folder, earlier), path);
  return path;
}
