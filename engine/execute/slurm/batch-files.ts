import { createHash } from "node:crypto";
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { publishFile } from "../../cache/durable.ts";
import { makeFolder } from "../../cache/folders.ts";
import { goodOf, readRecord } from "../../cache/records.ts";
import { canonicalJson, isObject, type Json, type JsonObject } from "../../json.ts";
import type { Progress } from "../../step-type.ts";
import type { Task, TaskEnd } from "../task.ts";

/**
 * A batch of tasks, as it lies on the disk that all nodes share: what is to be
 * done, and what became of it. These files are the truth; what Slurm says is
 * asked only where they are silent.
 *
 *   manifest.json   written before anything is submitted
 *   job             Slurm's number of the array, once it is known
 *   cancelled/<n>   the task is not to begin any more, and is to end
 *   started/<n>     by whoever begins it, made once: of two copies one runs
 *   beats/<n>       touched while it runs
 *   progress/<n>    how far it is
 *   exits/<n>       how it ended, written last
 *   slurm/          what Slurm itself and the shell printed
 */
export interface Manifest {
  readonly format: 1;
  /** The name of the job in Slurm: by it a submission is found whose answer was lost. */
  readonly token: string;
  /** Of the submission, as ISO 8601. */
  readonly at: string;
  readonly tasks: readonly Task[];
}

export interface Started {
  readonly at: string;
  readonly node: string;
  /** As Slurm shows it: 12_3. */
  readonly job: string;
}

const folders = ["cancelled", "started", "beats", "progress", "exits"] as const;
type Kind = (typeof folders)[number];

export function jobsFolder(cache: string): string {
  return join(cache, "jobs");
}

export async function writeBatch(cache: string, manifest: Manifest): Promise<string> {
  const folder = join(jobsFolder(cache), manifest.token);
  for (const name of [...folders, "slurm"]) makeFolder(cache, join(folder, name));
  await publishFile(cache, join(folder, "manifest.json"), JSON.stringify(manifest));
  return folder;
}

/** `undefined` where there is none, or another flow's. */
export function readManifest(folder: string): Manifest | undefined {
  const isManifest = (json: Json): boolean => isObject(json) && Array.isArray(json.tasks);
  return goodOf(
    readRecord(join(folder, "manifest.json"), (json) =>
      isManifest(json) ? (json as unknown as Manifest) : undefined,
    ),
  );
}

export async function writeJob(cache: string, folder: string, job: string): Promise<void> {
  await publishFile(cache, join(folder, "job"), job);
}

export function readJob(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, "job"), "utf8");
  } catch {
    return undefined;
  }
}

/** False where somebody has begun it. */
export function claim(folder: string, at: number, started: Started): boolean {
  try {
    writeFileSync(place(folder, "started", at), JSON.stringify(started), { flag: "wx", flush: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

export function readStarted(folder: string, at: number): Started | undefined {
  return readJson(place(folder, "started", at));
}

export function beat(folder: string, at: number): void {
  const file = place(folder, "beats", at);
  const now = new Date();
  if (existsSync(file)) utimesSync(file, now, now);
  else writeFileSync(file, "");
}

/** When it last did; `undefined` where it never has. */
export function lastBeat(folder: string, at: number): number | undefined {
  try {
    return statSync(place(folder, "beats", at)).mtimeMs;
  } catch {
    return undefined;
  }
}

export function cancel(folder: string, at: number): void {
  writeFileSync(place(folder, "cancelled", at), "");
}

export function isCancelled(folder: string, at: number): boolean {
  return existsSync(place(folder, "cancelled", at));
}

/** Whole or not at all. How far something is fails nothing: what cannot be written is left out. */
export function writeProgress(folder: string, at: number, progress: Progress): void {
  const file = place(folder, "progress", at);
  try {
    writeFileSync(`${file}.new`, JSON.stringify(progress));
    renameSync(`${file}.new`, file);
  } catch {
    // The next one may be.
  }
}

export function readProgress(folder: string, at: number): Progress | undefined {
  return readJson(place(folder, "progress", at));
}

export async function writeExit(cache: string, folder: string, at: number, end: TaskEnd): Promise<void> {
  await publishFile(cache, place(folder, "exits", at), JSON.stringify(end));
}

export function readExit(folder: string, at: number): TaskEnd | undefined {
  return readJson(place(folder, "exits", at));
}

/** Positions of tasks that have such a file. */
export function listed(folder: string, kind: Kind): ReadonlySet<number> {
  try {
    const names = readdirSync(join(folder, kind)).filter((name) => /^\d+$/.test(name));
    return new Set(names.map(Number));
  } catch {
    return new Set();
  }
}

function place(folder: string, kind: Kind, at: number): string {
  return join(folder, kind, String(at));
}

/** By which a task is known again in another run: all of it but where it logs, and what that run did before. */
export function identityOf({ log: _, worked: __, ...task }: Task): string {
  return createHash("sha256")
    .update(canonicalJson(task as unknown as JsonObject))
    .digest("hex");
}

function readJson<Content>(file: string): Content | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Content;
  } catch {
    // Not there, or not there whole yet.
    return undefined;
  }
}
