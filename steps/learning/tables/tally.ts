import { readFileSync } from "node:fs";
import { StepError } from "../../../engine/step-type.ts";
import { refuseMissing } from "./header.ts";

const [QUOTE, COMMA, CR, LF] = [0x22, 0x2c, 0x0d, 0x0a];
/** A byte order mark in UTF-8: its first byte, and how many it has. */
const [BOM, BOM_BYTES] = [0xef, 3];

/**
 * How often each value stands in each of some columns of a table. For whoever
 * needs that at once and nothing else: the bytes are gone through where they are,
 * and what is wrong with a line is left to `readTable`.
 *
 * @throws StepError where the file is missing or lacks a column.
 */
export function tally(file: string, columns: readonly string[]): readonly ReadonlyMap<string, number>[] {
  const bytes = readBytes(file);
  const start = bytes[0] === BOM ? BOM_BYTES : 0;
  const header = recordAt(bytes, start);
  refuseMissing(file, columns, header.values.filter(Boolean));
  const wanted = columns.map((name) => header.values.indexOf(name));
  const counts = columns.map(() => new Map<string, number>());
  const hasQuotes = bytes.includes(QUOTE);
  for (let at = endOfRecord(bytes, start, hasQuotes); at < bytes.length; ) {
    const { values, end } = recordAt(bytes, at, Math.max(...wanted));
    let next = endOfRecord(bytes, at, hasQuotes);
    let alike = 1;
    // Tables are in order: most lines begin as the one before them.
    for (; beginsAlike(bytes, at, next, end - at); alike++) next = endOfRecord(bytes, next, hasQuotes);
    for (const [place, column] of wanted.entries()) {
      const value = values[column] ?? "";
      const known = counts[place] as Map<string, number>;
      // An empty line is none.
      if (value !== "") known.set(value, (known.get(value) ?? 0) + alike);
    }
    at = next;
  }
  return counts;
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") throw new StepError(`${file} is missing`);
    throw error;
  }
}

interface BeginningOfRecord {
  readonly values: readonly string[];
  /** Where it ends, behind the comma or the end of the line. */
  readonly end: number;
}

/** The record at a place, up to a column. */
function recordAt(bytes: Buffer, from: number, last = Number.POSITIVE_INFINITY): BeginningOfRecord {
  const values: string[] = [];
  let [start, isQuoted] = [from, false];
  for (let at = from; at <= bytes.length; at++) {
    const byte = at === bytes.length ? LF : bytes[at];
    if (byte === QUOTE) isQuoted = !isQuoted;
    if (isQuoted || (byte !== COMMA && byte !== LF)) continue;
    values.push(textOf(bytes, start, at));
    start = at + 1;
    if (byte === LF || values.length > last) break;
  }
  return { values, end: start };
}

function textOf(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString("utf8", start, bytes[end - 1] === CR ? end - 1 : end);
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/** Behind the end of the line of a record, which is not in quotes. */
function endOfRecord(bytes: Buffer, from: number, hasQuotes: boolean): number {
  if (!hasQuotes) return bytes.indexOf(LF, from) + 1 || bytes.length;
  let isQuoted = false;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (byte === LF && !isQuoted) return at + 1;
  }
  return bytes.length;
}

function beginsAlike(bytes: Buffer, a: number, b: number, length: number): boolean {
  if (b + length > bytes.length) return false;
  for (let at = 0; at < length; at++) {
    if (bytes[a + at] !== bytes[b + at]) return false;
  }
  return true;
}
