import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import type { Pipeline } from "../document/pipeline.ts";
import { isObject, type Json } from "../json.ts";
import type { Event } from "./event.ts";
import { foldRun, type RunRecord } from "./run-record.ts";

/** `runs/<id>/`: run.json, events.ndjson, pipeline.yaml, logs, and one link per output. */
export interface RunFolder {
  readonly path: string;
  /** Whether anything of it is on the disk. */
  readonly isKept: boolean;
  /** Writes one event down; run.json at the run's start and its end. */
  add(event: Event): void;
  logFile(step: string): string;
  /** The run's record as it stands. */
  record(): RunRecord;
}

export interface RunFolderOptions {
  /** The folder of all runs. */
  readonly runs: string;
  readonly id: string;
  /** The pipeline file as it was read. */
  readonly text: string;
  /** Where an artifact lies. */
  artifact(digest: string): string;
}

export function openRunFolder({ runs, id, text, artifact }: RunFolderOptions): RunFolder {
  const path = join(runs, id);
  mkdirSync(join(path, "logs"), { recursive: true });
  writeFileSync(join(path, "pipeline.yaml"), text);
  keepOutOfGit(runs, path);
  replaceLink(join(runs, "latest"), id);
  const fold = foldRun();
  const record = (): RunRecord => {
    const record = fold.record();
    if (record === undefined) throw new Error("the run has not started");
    return record;
  };
  return {
    path,
    isKept: true,
    record,
    logFile: (step) => join(path, "logs", `${step}.log`),
    add(event) {
      fold.add(event);
      appendFileSync(join(path, "events.ndjson"), `${JSON.stringify(event)}\n`);
      if (event.kind === "run-started" || event.kind === "run-finished") {
        replaceFile(join(path, "run.json"), `${JSON.stringify(record(), null, 2)}\n`);
      }
      if (event.kind !== "step-finished") return;
      for (const [name, output] of Object.entries(event.outputs)) {
        const link = join(path, event.step, name);
        mkdirSync(dirname(link), { recursive: true });
        replaceLink(link, targetFrom(link, artifact(output.digest), dirname(runs)));
      }
    },
  };
}

/** A run that leaves no record, where nothing can be written: it has nothing to do but to say so. */
export function withoutFolder(path: string): RunFolder {
  const fold = foldRun();
  return {
    path,
    isKept: false,
    add: fold.add,
    logFile: (step) => join(path, "logs", `${step}.log`),
    record() {
      const record = fold.record();
      if (record === undefined) throw new Error("the run has not started");
      return record;
    },
  };
}

/** A run's record as it was found. */
export type LastRun =
  | { readonly kind: "none" }
  | { readonly kind: "found"; readonly record: RunRecord }
  /** It stays where it is: records are history. */
  | { readonly kind: "unreadable"; readonly path: string };

/** The newest run of a pipeline; two files may hold pipelines of one name. */
export function lastRunOf(runs: string, { name, file }: Pick<Pipeline, "name" | "file">): LastRun {
  if (!existsSync(runs)) return { kind: "none" };
  const ids = readdirSync(runs).filter((id) => id.slice(SECOND_LENGTH, -5) === `-${name}`);
  // Ids begin with the second a run started in; of those of one second the record tells.
  const seconds = [...new Set(ids.map((id) => id.slice(0, SECOND_LENGTH)))].sort().reverse();
  for (const second of seconds) {
    const folders = ids.filter((id) => id.startsWith(second)).map((id) => join(runs, id));
    const records = folders.map((folder) => readRecord(folder)).filter((record) => record !== undefined);
    if (records.length === 0) return { kind: "unreadable", path: folders.at(-1) ?? runs };
    const own = records.filter((record) => record.file === undefined || record.file === file);
    const [record] = own.sort((a, b) => (a.started < b.started ? 1 : -1));
    if (record) return { kind: "found", record };
  }
  return { kind: "none" };
}

/** Of `2026-03-01T10-22-31`. */
const SECOND_LENGTH = 19;

/** run.json; of a run that did not end, what its events tell. */
function readRecord(folder: string): RunRecord | undefined {
  try {
    const record = checkRun(JSON.parse(readFileSync(join(folder, "run.json"), "utf8")) as Json);
    if (record === undefined || record.outcome !== "running") return record;
    const fold = foldRun();
    for (const line of readFileSync(join(folder, "events.ndjson"), "utf8").split("\n")) {
      // The last line of a process that was killed may be cut short.
      if (line.endsWith("}")) fold.add(JSON.parse(line) as Event);
    }
    return fold.record() ?? record;
  } catch {
    return undefined;
  }
}

function checkRun(json: Json): RunRecord | undefined {
  if (!isObject(json) || (json.format ?? 1) !== 1) return undefined;
  const { id, pipeline, outcome, started, seconds, host, pid, steps } = json;
  const isRun =
    [id, pipeline, outcome, started, host].every((text) => typeof text === "string") &&
    [seconds, pid].every((number) => typeof number === "number") &&
    isObject(steps) &&
    Object.values(steps).every(isStep);
  return isRun ? (json as unknown as RunRecord) : undefined;
}

function isStep(json: Json): boolean {
  return (
    isObject(json) &&
    typeof json.uses === "string" &&
    typeof json.outcome === "string" &&
    typeof json.seconds === "number" &&
    isObject(json.metrics) &&
    isObject(json.outputs)
  );
}

/** A name for a run that sorts by time and says what ran: `2026-03-01T10-22-31-food5k-7f3a`. */
export function runId(at: Date, pipeline: string, random: string): string {
  return `${at.toISOString().slice(0, 19).replaceAll(":", "-")}-${pipeline}-${random}`;
}

/** What flow makes under `runs/` stays out of git; what others keep there does not. */
function keepOutOfGit(runs: string, run: string): void {
  writeFileSync(join(run, ".gitignore"), "*\n");
  const file = join(runs, ".gitignore");
  if (!existsSync(file)) writeFileSync(file, "/latest\n/latest.*\n/.gitignore\n");
}

/** Relative inside the project, so that it can be moved; absolute to a cache elsewhere. */
function targetFrom(link: string, target: string, root: string): string {
  return target.startsWith(root + sep) ? relative(dirname(link), target) : target;
}

/** A convenience: where the disk has no links, or something else has the name, there is none. */
function replaceLink(path: string, target: string): void {
  const staged = `${path}.${process.pid}`;
  try {
    // What a killed process of the same number left.
    rmSync(staged, { force: true });
    symlinkSync(target, staged);
    if (isLinkOrNothing(path)) renameSync(staged, path);
    else rmSync(staged, { force: true });
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EACCES", "EINVAL"].includes(code)) throw error;
  }
}

function isLinkOrNothing(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== false;
}

function replaceFile(path: string, content: string): void {
  writeFileSync(`${path}.${process.pid}`, content);
  renameSync(`${path}.${process.pid}`, path);
}
