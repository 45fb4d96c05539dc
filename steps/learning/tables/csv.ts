import { createReadStream, createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parse } from "csv-parse";
import { type Options, stringify } from "csv-stringify";
import { stringify as stringifyNow } from "csv-stringify/sync";
import { StepError } from "../../../engine/step-type.ts";
import { refuseMissing } from "./header.ts";

/** One line of a table: as many values as the table has columns. */
export type Line = readonly (string | number)[];

/**
 * Writes a table with its header, RFC 4180 quoting and LF line ends: the same
 * bytes everywhere. Lines are asked for as they are written, so that a table may
 * be larger than memory.
 */
export async function writeTable(
  file: string,
  columns: readonly string[],
  lines: Iterable<Line> | AsyncIterable<Line>,
): Promise<void> {
  async function* all(): AsyncGenerator<Line> {
    yield columns;
    yield* lines;
  }
  await pipeline(Readable.from(all()), stringify(format), createWriteStream(file));
}

/** Writes lines of numbers without a header, each with the digits that it takes to read the same float32 back. */
export async function writeNumbers(
  file: string,
  lines: AsyncIterable<readonly [first: number, ...others: Float32Array[]]>,
): Promise<void> {
  // Numbers need no quotes, and joined at once they are written five times as fast.
  async function* joined(): AsyncGenerator<Line> {
    for await (const [first, ...others] of lines) yield [first, ...others.map(joinedNumbers)];
  }
  await pipeline(Readable.from(joined()), stringify({ ...format, quote: "" }), createWriteStream(file));
}

/** JavaScript leaves out the sign of a zero. */
function joinedNumbers(values: Float32Array): string {
  if (!values.some((value) => Object.is(value, -0))) return values.join(",");
  return Array.from(values, (value) => (Object.is(value, -0) ? "-0.0" : value)).join(",");
}

const format: Options = { record_delimiter: "\n", quote_record_delimiter: true };

/** A line as `writeTable` writes it, with its end. */
export function tableLine(line: Line): string {
  return stringifyNow([[...line]], format);
}

/** One line read: its number in the file (for messages) and its values by column name. */
export interface Read<Column extends string> {
  readonly line: number;
  readonly values: Readonly<Record<Column, string>>;
  /** The values of all other columns, in the order of the header. */
  readonly others: ReadonlyMap<string, string>;
}

/**
 * The lines of a table whose header must be there, as they are read. LF and
 * CR LF line ends and a byte order mark are read alike.
 *
 * @throws StepError where the file is missing, is no CSV in UTF-8, or lacks a column.
 */
export async function* readTable<Column extends string>(
  file: string,
  columns: readonly Column[],
): AsyncGenerator<Read<Column>> {
  let names: readonly string[] | undefined;
  let wanted: readonly number[] = [];
  let further: readonly (readonly [name: string, at: number])[] = [];
  for await (const { record, line } of records(file)) {
    if (names === undefined) {
      names = record;
      refuseMissing(file, columns, names);
      wanted = columns.map((name) => record.indexOf(name));
      further = record.flatMap((name, at) =>
        (columns as readonly string[]).includes(name) ? [] : [[name, at] as const],
      );
      continue;
    }
    if (record.length !== names.length) {
      throw new StepError(`${file}:${line} has ${record.length} values where the header has ${names.length}`);
    }
    // Of a long table nothing is made for a line that nobody asked for.
    const values = {} as Record<Column, string>;
    for (const [at, name] of columns.entries()) values[name] = record[wanted[at] as number] ?? "";
    const others =
      further.length === 0 ? none : new Map(further.map(([name, at]) => [name, record[at] ?? ""] as const));
    yield { line, values, others };
  }
  if (names === undefined) refuseMissing(file, columns, []);
}

const none: ReadonlyMap<string, string> = new Map();

async function* records(file: string): AsyncGenerator<{ record: string[]; line: number }> {
  const parser = parse({ bom: true, info: true, relax_column_count: true, skip_empty_lines: true });
  // A failure on the way reaches whoever reads the parser.
  pipeline(textOf(file), parser).catch(() => {});
  try {
    for await (const { record, info } of parser) yield { record, line: info.lines };
  } catch (error) {
    const { code, lines, message } = error as Error & { code?: string; lines?: number };
    if (code?.startsWith("CSV_") === true) throw new StepError(`${file}:${lines ?? 1} is no CSV: ${message}`);
    if (code === "ENOENT") throw new StepError(`${file} is missing`);
    if (code === "EISDIR") throw new StepError(`${file} is a folder, not a CSV file`);
    throw error;
  }
}

async function* textOf(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw new StepError(`${file} is not in UTF-8: save it as "CSV UTF-8"`);
    }
  };
  for await (const bytes of createReadStream(file)) yield decode(bytes);
  yield decode();
}
