import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../cache/folders.ts";
import { isCount } from "../cache/records.ts";
import type { Json } from "../json.ts";
import { replaceFile } from "../record/run-folder.ts";

/** Where a part of a file lies: in which object, from which byte on, how many. */
export type KnownPart = readonly [object: string, from: number, bytes: number];

/**
 * Which contents are in a remote, as far as this cache has sent or fetched them:
 * what is there is not sent again. A line each in `remotes/<id>`; one that is no
 * such line counts for nothing.
 */
export interface Known {
  get(digest: string): readonly KnownPart[] | undefined;
  add(files: Iterable<readonly [digest: string, parts: readonly KnownPart[]]>): void;
  /** Those that lie in an object which is gone are not there. */
  forget(object: string): void;
}

/** @param id of the remote. */
export function openKnown(cache: string, id: string): Known {
  const file = join(cache, "remotes", id);
  let known: Map<string, readonly KnownPart[]> | undefined;
  const all = (): Map<string, readonly KnownPart[]> => {
    known ??= readAll(file);
    return known;
  };
  return {
    get: (digest) => all().get(digest),
    add(files) {
      const lines: string[] = [];
      for (const [digest, parts] of files) {
        if (all().has(digest)) continue;
        all().set(digest, parts);
        lines.push(lineOf([digest, parts]));
      }
      if (lines.length === 0) return;
      try {
        makeFolder(cache, join(cache, "remotes"));
        appendFileSync(file, lines.join(""));
      } catch {
        // It saves sending alone.
      }
    },
    forget(object) {
      const gone = [...all()].filter(([, parts]) => parts.some(([name]) => name === object));
      for (const [digest] of gone) all().delete(digest);
      if (gone.length === 0) return;
      try {
        replaceFile(file, [...all()].map(lineOf).join(""));
      } catch {
        // Then it is found out again.
      }
    },
  };
}

function lineOf(entry: readonly [digest: string, parts: readonly KnownPart[]]): string {
  return `${JSON.stringify(entry)}\n`;
}

function readAll(file: string): Map<string, readonly KnownPart[]> {
  const known = new Map<string, readonly KnownPart[]>();
  let text = "";
  try {
    text = readFileSync(file, "utf8");
  } catch {
    // Nothing was sent yet.
  }
  for (const line of text.split("\n")) {
    const entry = readLine(line);
    if (entry !== undefined) known.set(...entry);
  }
  return known;
}

function readLine(line: string): readonly [string, readonly KnownPart[]] | undefined {
  try {
    const [digest, parts] = JSON.parse(line) as [Json, Json];
    const isPart = (part: Json): boolean =>
      Array.isArray(part) && typeof part[0] === "string" && isCount(part[1]) && isCount(part[2]);
    const isGood =
      typeof digest === "string" && Array.isArray(parts) && (parts as readonly Json[]).every(isPart);
    return isGood ? [digest, parts as unknown as readonly KnownPart[]] : undefined;
  } catch {
    return undefined;
  }
}
