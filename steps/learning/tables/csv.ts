import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { StepError } from "../../../engine/step-type.ts";

/** One line of a table: as many values as the table has columns. */
export type Line = readonly (string | number)[];

/** A table with its header, RFC 4180 quoting and LF line ends: the same bytes everywhere. */
export function formatTable(columns: readonly string[], lines: readonly Line[]): string {
  return stringify([columns, ...lines] as unknown[][], {
    record_delimiter: "\n",
    quote_record_delimiter: true,
  });
}

/** One line read: its number in the file (for messages) and its values by column name. */
export interface Read<Column extends string> {
  readonly line: number;
  readonly values: Readonly<Record<Column, string>>;
}

/**
 * The lines of a table whose header must be there. LF and CR LF line ends and a
 * byte order mark are read alike; further columns are left out.
 *
 * @throws StepError where the file is missing, is no CSV, or lacks a column.
 */
export async function readTable<Column extends string, Optional extends string = never>(
  file: string,
  columns: readonly Column[],
  optional: readonly Optional[] = [],
): Promise<{ lines: readonly Read<Column | Optional>[]; present: ReadonlySet<string> }> {
  const [header, ...records] = parseRecords(file, await readText(file));
  const names = header?.record ?? [];
  const missing = columns.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    const found = names.length === 0 ? "it is empty" : `its header is: ${names.join(",")}`;
    throw new StepError(`${file} has no column ${missing.map((name) => `"${name}"`).join(", ")}; ${found}`);
  }
  const wanted = [...columns, ...optional].map((name) => [name, names.indexOf(name)] as const);
  const lines = records.map(({ record, line }) => {
    if (record.length !== names.length) {
      throw new StepError(`${file}:${line} has ${record.length} values where the header has ${names.length}`);
    }
    const values = Object.fromEntries(wanted.map(([name, at]) => [name, record[at] ?? ""]));
    return { line, values: values as Record<Column | Optional, string> };
  });
  return { lines, present: new Set(names) };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new StepError(`${file} is missing`);
    if (code === "EISDIR") throw new StepError(`${file} is a folder, not a CSV file`);
    throw error;
  }
}

function parseRecords(file: string, text: string): { record: string[]; line: number }[] {
  try {
    const options = { bom: true, info: true, relax_column_count: true, skip_empty_lines: true } as const;
    const records = parse(text, options) as unknown as { record: string[]; info: { lines: number } }[];
    return records.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (error) {
    const { code, lines, message } = error as Error & { code?: string; lines?: number };
    if (code?.startsWith("CSV_") === true) throw new StepError(`${file}:${lines ?? 1} is no CSV: ${message}`);
    throw error;
  }
}
