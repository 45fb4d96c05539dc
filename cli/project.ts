import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type Cache, openCache } from "../engine/cache/cache.ts";
import type { Config } from "../engine/config/load.ts";
import type { Diagnostic } from "../engine/document/diagnostic.ts";
import { loadPipeline } from "../engine/document/load.ts";
import type { Pipeline } from "../engine/document/pipeline.ts";
import { memoryLimit } from "../engine/memory.ts";
import { ancestry } from "../engine/plan/order.ts";
import { type FoundRun, findRun } from "../engine/record/find-run.ts";
import { type Surveyed, survey } from "../engine/survey.ts";
import { readSettings, type Settings, SettingsError } from "./config.ts";
import { placesOf } from "./places.ts";
import { type CommonOptions, type PipelineOptions, type Program, UsageError } from "./program.ts";

/** The places a command works with. */
export interface Project {
  /** Absolute; relative paths in a pipeline are relative to it. */
  readonly root: string;
  readonly runs: string;
  readonly cache: Cache;
  /** FLOW_HOME: what projects share. */
  readonly home: string;
  /** What the person and the project have set. */
  readonly config: Config;
}

/** @throws SettingsError where there are mistakes in the settings, before anything goes by them. */
export async function openProject(program: Program, options: CommonOptions): Promise<Project> {
  const settings = await settingsOf(program, options);
  if (settings.diagnostics.length > 0) throw new SettingsError(settings.diagnostics);
  return projectWith(program, options, settings);
}

/** What is in force of the settings, whatever is wrong with them. */
export async function settingsOf(program: Program, options: CommonOptions): Promise<Settings> {
  const { root } = placesOf(program, options);
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) throw new UsageError(`${root} is no folder`);
  return readSettings(program, root);
}

export function projectWith(program: Program, options: CommonOptions, settings: Settings): Project {
  const { config } = settings;
  const { root, runs, cache, home } = placesOf(program, options, config.cache);
  return { root, runs, cache: openCache(cache, { root, own: [cache, runs] }), home, config };
}

/** @throws UsageError where no run is called so. */
export function namedRun({ runs }: Pick<Project, "runs">, name: string): FoundRun {
  const run = findRun(runs, name);
  if (typeof run === "string") throw new UsageError(run);
  return run;
}

export interface Document {
  readonly text: string;
  /** Absent where there are mistakes other than files that are not there. */
  readonly pipeline?: Pipeline;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads and checks a pipeline file. `file` is relative to the project root. */
export async function readPipeline(
  program: Program,
  project: Project,
  file: string,
  options: PipelineOptions,
): Promise<Document> {
  const text = readText(resolve(project.root, file), file);
  for (const type of program.types.values()) if (text.includes(type.name)) await type.prepare?.();
  const loaded = loadPipeline({
    file,
    text,
    types: program.types,
    overrides: options.set,
    exists: (path) => existsSync(resolve(project.root, path)),
    isFile: (path) => isFile(resolve(project.root, path)),
    memory: memoryLimit(),
    userHome: program.env.HOME,
  });
  return { text, ...loaded };
}

function readText(path: string, file: string): string {
  try {
    // One that nobody writes into would be waited for; `<(…)` of a shell lies in /dev.
    if (statSync(path).isFIFO() && !path.startsWith("/dev/")) {
      throw new UsageError(`${file} is a pipe, not a pipeline file`);
    }
    return decode(readFileSync(path), file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new UsageError(`there is no file ${file}`);
    if (code === "EISDIR") throw new UsageError(`${file} is a folder; name a pipeline file in it`);
    throw error;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    // A word too long for a name is none.
    return false;
  }
}

/** UTF-8, or UTF-16 where a byte order mark says so (as some editors of Windows save). */
function decode(bytes: Buffer, file: string): string {
  const mark = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  const encoding = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8";
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Not what its beginning says.
  }
  throw new UsageError(
    `${file} is not UTF-8: save it as UTF-8 (text that looks right in an editor may be UTF-16)`,
  );
}

/** A pipeline reduced to one step and what it needs. */
export function until(pipeline: Pipeline, step: string | undefined): Pipeline {
  if (step === undefined) return pipeline;
  requireStep(pipeline, step, "--until");
  const needed = ancestry(pipeline.steps, step);
  return { ...pipeline, steps: pipeline.steps.filter(({ id }) => needed.has(id)) };
}

export interface ForceOptions {
  readonly force?: boolean;
  readonly rerun: readonly string[];
}

/** Looks at the world a plan depends on. */
export function look(
  program: Program,
  project: Project,
  pipeline: Pipeline,
  { force, rerun }: ForceOptions,
): Promise<Surveyed> {
  for (const step of rerun) requireStep(pipeline, step, "--rerun");
  const forced = new Set(force ? pipeline.steps.map(({ id }) => id) : rerun);
  return survey({ pipeline, types: program.types, forced, ...project });
}

function requireStep(pipeline: Pipeline, step: string, option: string): void {
  if (pipeline.steps.some(({ id }) => id === step)) return;
  const names = pipeline.steps.map(({ id }) => id).join(", ");
  throw new UsageError(`${option} ${step}: the pipeline has no such step; it has ${names}`);
}
