import { createHash } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { canonicalJson, isObject, type Json } from "../json.ts";
import { dropStaging, stagingFolder } from "./durable.ts";
import { makeFolder, shareFile } from "./folders.ts";
import { readOwnRecord, recordFormat } from "./records.ts";

/** What was once found out about an artifact, by its digest. It saves work alone: what is not kept is found out again. */
export interface Notes {
  /** @param name what it is; another where the same would be found out otherwise. */
  recall<Value extends Json>(digest: string, name: string, find: () => Value): Value;
}

export function openNotes(cache: string): Notes {
  return {
    recall<Value extends Json>(digest: string, name: string, find: () => Value): Value {
      const about = `${name} of ${digest}`;
      const file = join(cache, "index", `${sha256(about).slice(0, 32)}.json`);
      const { value, path } = readOwnRecord(file, (json) => checkNote(json, about));
      if (value !== undefined) return value.found as Value;
      const found = find();
      keep(cache, path, JSON.stringify({ format: recordFormat, about, found, sum: sumOf(found) }));
      return found;
    },
  };
}

/** Whoever asked for it knows its shape, and relies on its being what was kept. */
function checkNote(json: Json, about: string): { readonly found: Json } | undefined {
  if (!isObject(json) || json.about !== about || json.found === undefined) return undefined;
  return json.sum === sumOf(json.found) ? { found: json.found } : undefined;
}

function sumOf(value: Json): string {
  return sha256(canonicalJson(value));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Not synced: one that a crash cuts short is not what its sum says. */
function keep(cache: string, path: string, text: string): void {
  try {
    const folder = stagingFolder(cache);
    try {
      const staged = join(folder, "note");
      writeFileSync(staged, text);
      shareFile(cache, staged);
      makeFolder(cache, dirname(path));
      renameSync(staged, path);
    } finally {
      dropStaging(folder);
    }
  } catch {
    // The cache may be read-only, or full.
  }
}
