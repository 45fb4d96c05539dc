import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { byCodeUnit } from "../json.ts";
import type { Event } from "./event.ts";
import { foldRun, type RunRecord } from "./run-record.ts";

/** `runs/<id>/`: run.json, events.ndjson, pipeline.yaml, logs, and one link per output. */
export interface RunFolder {
  readonly path: string;
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
  replaceLink(join(runs, "latest"), id);
  const fold = foldRun();
  const record = (): RunRecord => {
    const record = fold.record();
    if (record === undefined) throw new Error("the run has not started");
    return record;
  };
  return {
    path,
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

/** The record of a pipeline's newest run; `undefined` where there is none. */
export function lastRunOf(runs: string, pipeline: string): RunRecord | undefined {
  if (!existsSync(runs)) return undefined;
  // Ids begin with the second a run started in; of those of one second the record tells.
  const ids = readdirSync(runs).filter((id) => id.slice(SECOND_LENGTH, -5) === `-${pipeline}`);
  const newest = ids.sort(byCodeUnit).at(-1)?.slice(0, SECOND_LENGTH);
  const records = ids
    .filter((id) => newest !== undefined && id.startsWith(newest))
    .map((id) => readRecord(join(runs, id)))
    .filter((record) => record !== undefined);
  return records.sort((a, b) => byCodeUnit(a.started, b.started)).at(-1);
}

/** Of `2026-03-01T10-22-31`. */
const SECOND_LENGTH = 19;

/** run.json; of a run that did not end, what its events tell. */
function readRecord(folder: string): RunRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(folder, "run.json"), "utf8")) as RunRecord;
    if (record.outcome !== "running") return record;
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

/** A name for a run that sorts by time and says what ran: `2026-03-01T10-22-31-food5k-7f3a`. */
export function runId(at: Date, pipeline: string, random: string): string {
  return `${at.toISOString().slice(0, 19).replaceAll(":", "-")}-${pipeline}-${random}`;
}

/** Relative inside the project, so that it can be moved; absolute to a cache elsewhere. */
function targetFrom(link: string, target: string, root: string): string {
  return target.startsWith(root + sep) ? relative(dirname(link), target) : target;
}

function replaceLink(path: string, target: string): void {
  const staged = `${path}.${process.pid}`;
  symlinkSync(target, staged);
  renameSync(staged, path);
}

function replaceFile(path: string, content: string): void {
  writeFileSync(`${path}.${process.pid}`, content);
  renameSync(`${path}.${process.pid}`, path);
}
