import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { WorkItem } from "../division.ts";
import { isObject, type Json } from "../json.ts";
import { hex } from "./digest.ts";
import { dropStaging, publishFolder, setAside, stagingFolder } from "./durable.ts";
import { makeFolder, removeFolder, shareFile } from "./folders.ts";
import { goodOf, isCount, readRecord, recordFormat } from "./records.ts";

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
  /** Keeps it, unless others have cut the same work before: then theirs counts. Returns the one that does. */
  keep(key: string, work: DividedWork): Promise<DividedWork>;
  /** Positions of the items that are done. */
  done(key: string): ReadonlySet<number>;
  /** False for one that is done, and for all once the key has its result. */
  isToDo(key: string, at: number): boolean;
  /** That an item is done saves others work; where it cannot be said nothing is lost. */
  setDone(key: string, at: number): void;
  remove(key: string): void;
}

export function openDivisions(cache: string): Divisions {
  const folderOf = (key: string): string => join(cache, "divisions", hex(key));
  const read = (key: string): DividedWork | undefined =>
    goodOf(readRecord(join(folderOf(key), "items.json"), checkWork));
  return {
    read,
    async keep(key, work) {
      const staging = stagingFolder(cache);
      try {
        const staged = join(staging, "division");
        makeFolder(cache, join(staged, "done"));
        writeFileSync(join(staged, "items.json"), JSON.stringify({ format: recordFormat, ...work }), {
          flush: true,
        });
        shareFile(cache, join(staged, "items.json"));
        if (await publishFolder(cache, staged, folderOf(key))) return work;
        const standing = read(key);
        if (standing !== undefined) return standing;
        await setAside(cache, folderOf(key));
        await publishFolder(cache, staged, folderOf(key));
        return read(key) ?? work;
      } finally {
        dropStaging(staging);
      }
    },
    done(key) {
      const folder = join(folderOf(key), "done");
      const names = existsSync(folder) ? readdirSync(folder) : [];
      return new Set(names.filter((name) => /^\d+$/.test(name)).map(Number));
    },
    isToDo(key, at) {
      const folder = join(folderOf(key), "done");
      return existsSync(folder) && !existsSync(join(folder, String(at)));
    },
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

function checkWork(json: Json): DividedWork | undefined {
  if (!isObject(json) || !Array.isArray(json.items) || !isCount(json.together)) return undefined;
  const isGood = json.together > 0 && (json.items as readonly Json[]).every(isItem);
  return isGood
    ? { items: json.items as unknown as readonly WorkItem[], together: json.together }
    : undefined;
}

function isItem(json: Json): boolean {
  return (
    isObject(json) && typeof json.name === "string" && typeof json.cost === "number" && isObject(json.about)
  );
}
