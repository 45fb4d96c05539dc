import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, extname, posix } from "node:path";
import { isObject, type Json } from "../../engine/json.ts";
import { staysInside } from "../../engine/stays-inside.ts";

/**
 * The files that a source consists of, where it is a table: the table, and what
 * its column `file` names in the folder of it. `undefined` for all that lies in
 * a source of another kind.
 *
 * @returns POSIX paths. Of a table that cannot be read it is that file alone: reading it says why.
 */
export function filesOfTable(path: string): readonly string[] | undefined {
  if (!isTable(path) || !statSync(path).isFile()) return undefined;
  return [...new Set([basename(path), ...namedFiles(path).filter(staysInside).map(posix.normalize)])];
}

/** By its name. */
export function isTable(path: string): boolean {
  return [".csv", ".jsonl"].includes(extname(path).toLowerCase());
}

function namedFiles(path: string): readonly string[] {
  try {
    const text = readFileSync(path, "utf8");
    const rows = extname(path).toLowerCase() === ".csv" ? csvRows(text) : jsonRows(text);
    return rows.flatMap(({ file }) => (typeof file === "string" && file !== "" ? [file] : []));
  } catch (error) {
    // A file system's error may be over the next time: then the list would be another one.
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    return [];
  }
}

type Row = { readonly file?: string };

function csvRows(text: string): readonly Row[] {
  // Loaded where a source is a table, and nowhere else: every command loads this file.
  const { parse } = createRequire(import.meta.url)("csv-parse/sync") as typeof import("csv-parse/sync");
  const options = { bom: true, columns: true, relax_column_count: true, skip_empty_lines: true } as const;
  return parse(text, options) as readonly Row[];
}

function jsonRows(text: string): readonly Row[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as Json)
    .filter(isObject) as readonly Row[];
}
