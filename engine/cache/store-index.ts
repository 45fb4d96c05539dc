import { createHash } from "node:crypto";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../json.ts";
import type { Condensed } from "../store.ts";
import { publishFile } from "./durable.ts";
import { isShortage } from "./records.ts";
import type { Tree } from "./tree.ts";

/**
 * The entries of a store in one file, `index/<name>`: the sha256 of all that
 * follows, a line; a JSON line for what is small; the bytes of each entry, one
 * after the other. It saves reading thousands of records and is never the only
 * place of anything: an entry counts only while it stands in the store as it was
 * when it was condensed.
 */
export interface Indexed extends Condensed {
  /** Of the entry's record, as it was. */
  readonly stamp: string;
  readonly files: Tree;
}

/** How many entries have to be read anew before the file is written anew. */
export const WORTH_KEEPING = 32;

/** Raised when the file is laid out otherwise. It is in the name: what another flow keeps stays beside it. */
const FORMAT = 1;

/** What is small, of an entry. */
type Line = readonly [name: string, stamp: string, files: Tree, note: JsonObject, bytes: number];

/** Nothing where there is no such file, or it is damaged. */
export function readStoreIndex(cache: string, id: string, kind: string): ReadonlyMap<string, Indexed> {
  const found = new Map<string, Indexed>();
  let content: Buffer;
  try {
    content = readFileSync(pathOf(cache, id, kind));
  } catch (error) {
    if (isShortage(error)) throw error;
    return found;
  }
  const rest = content.subarray(65);
  if (content.subarray(0, 65).toString("latin1") !== `${digestOf([rest])}\n`) return found;
  const end = rest.indexOf("\n");
  let at = end + 1;
  for (const [name, stamp, files, note, length] of JSON.parse(rest.toString("utf8", 0, end)) as Line[]) {
    found.set(name, { stamp, files, note, bytes: rest.subarray(at, at + length) });
    at += length;
  }
  return found;
}

export async function writeStoreIndex(
  cache: string,
  id: string,
  kind: string,
  entries: ReadonlyMap<string, Indexed>,
): Promise<void> {
  const lines = [...entries].map(
    ([name, { stamp, files, note, bytes }]): Line => [name, stamp, files, note, bytes.length],
  );
  const parts = [
    Buffer.from(`${JSON.stringify(lines)}\n`),
    ...[...entries.values()].map(({ bytes }) => bytes),
  ];
  await publishFile(cache, pathOf(cache, id, kind), [Buffer.from(`${digestOf(parts)}\n`), ...parts]);
}

/** Tells an entry's record from one that took its place; `undefined` where there is none. */
export function stampOf(entry: string): string | undefined {
  try {
    const { size, mtimeNs, ctimeNs, ino } = lstatSync(join(entry, "entry.json"), { bigint: true });
    return [size, mtimeNs, ctimeNs, ino].join(" ");
  } catch (error) {
    if (isShortage(error)) throw error;
    return undefined;
  }
}

function pathOf(cache: string, id: string, kind: string): string {
  const name = createHash("sha256").update(`${kind} ${FORMAT} ${id}`).digest("hex").slice(0, 32);
  return join(cache, "index", `store-${name}`);
}

function digestOf(parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}
