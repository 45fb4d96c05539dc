import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { WorkItem } from "../division.ts";
import { isObject, type Json } from "../json.ts";
import { hex } from "./digest.ts";
import { publishFile } from "./durable.ts";
import { makeFolder, removeFolder, shareFile } from "./folders.ts";
import { isCount, readOwnRecord, recordFormat } from "./records.ts";

/** How the work of a key was divided: whoever takes part, or goes on with it, has the same items. */
export interface DividedWork {
  readonly items: readonly WorkItem[];
  /** How many of them a job on a cluster does. */
  readonly together: number;
}

/**
 * Work that is divided, by the key it is for, until this is finished:
 * `divisions/<key>/items.json`, and beside it `done/<n>` for each item that is done.
 */
export interface Divisions {
  read(key: string): DividedWork | undefined;
  keep(key: string, work: DividedWork): Promise<void>;
  /** Positions of the items that are done. */
  done(key: string): ReadonlySet<number>;
  isDone(key: string, at: number): boolean;
  /** That an item is done saves others work; where it cannot be said nothing is lost. */
  setDone(key: string, at: number): void;
  remove(key: string): void;
}

const KEPT_MS = 7 * 24 * 3600 * 1000;

export function openDivisions(cache: string): Divisions {
  const folderOf = (key: string): string => join(cache, "divisions", hex(key));
  const find = (key: string) => readOwnRecord(join(folderOf(key), "items.json"), checkWork);
  return {
    read: (key) => find(key).value,
    async keep(key, work) {
      makeFolder(cache, join(folderOf(key), "done"));
      await publishFile(cache, find(key).path, JSON.stringify({ format: recordFormat, ...work }));
    },
    done(key) {
      const folder = join(folderOf(key), "done");
      const names = existsSync(folder) ? readdirSync(folder) : [];
      return new Set(names.filter((name) => /^\d+$/.test(name)).map(Number));
    },
    isDone: (key, at) => existsSync(join(folderOf(key), "done", String(at))),
    setDone(key, at) {
      try {
        const file = join(folderOf(key), "done", String(at));
        writeFileSync(file, "");
        shareFile(cache, file);
      } catch {
        // The step may have been finished by somebody else meanwhile.
      }
    },
    remove: (key) => removeFolder(folderOf(key)),
  };
}

/** Removes what nobody has gone on with in a week: its items are cut anew. */
export function sweepDivisions(cache: string): void {
  const folder = join(cache, "divisions");
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const done = statSync(join(folder, name, "done"), { throwIfNoEntry: false });
    if (done !== undefined && Date.now() - done.mtimeMs > KEPT_MS) removeFolder(join(folder, name));
  }
}

function checkWork(json: Json): DividedWork | undefined {
  if (!isObject(json) || !Array.isArray(json.items) || !isCount(json.together)) return undefined;
  const isGood = json.together > 0 && (json.items as readonly Json[]).every(isItem);
  return isGood ? (json as unknown as DividedWork) : undefined;
}

function isItem(json: Json): boolean {
  return (
    isObject(json) && typeof json.name === "string" && typeof json.cost === "number" && isObject(json.about)
  );
}
