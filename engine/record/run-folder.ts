import {
  appendFileSync,
  existsSync,
  lstatSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { newFolder } from "../new-folder.ts";
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
  newFolder(join(path, "logs"));
  writeFileSync(join(path, "pipeline.yaml"), text);
  keepOutOfGit(runs, path);
  replaceLink(join(runs, "latest"), id);
  const file = join(path, "run.json");
  let beat: NodeJS.Timeout | undefined;
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
        replaceFile(file, `${JSON.stringify(record(), null, 2)}\n`);
        clearInterval(beat);
      }
      if (event.kind === "run-started") beat = setInterval(() => touch(file), HEARTBEAT_MS).unref();
      if (event.kind !== "step-finished") return;
      for (const [name, output] of Object.entries(event.outputs)) {
        const link = join(path, event.step, name);
        newFolder(dirname(link));
        replaceLink(link, targetFrom(link, artifact(output.digest), dirname(runs)));
      }
    },
  };
}

/** How often a run shows that it lives, to whoever cannot see its process: by the time of its run.json. */
const HEARTBEAT_MS = 60_000;

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // What cannot be written is told by what matters.
  }
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

/** Writes a file that is there whole or not at all. */
export function replaceFile(path: string, content: string): void {
  const staged = `${path}.${process.pid}`;
  writeFileSync(staged, content, { flush: true });
  renameSync(staged, path);
}
