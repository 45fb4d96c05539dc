import { createReadStream } from "node:fs";
import { basename, extname } from "node:path";
import { createInterface } from "node:readline";
import { isObject, type Json, type JsonObject } from "../../engine/json.ts";
import { StepError } from "../../engine/step-type.ts";
import { readTable } from "../learning/tables/csv.ts";

/** A line of a table: what it says of a picture. */
export interface Label {
  readonly file: string;
  readonly class: string;
  /** As it is written; absent where the table has no such column. */
  readonly split?: string;
  /** Values of the further columns, in their order. */
  readonly others: readonly string[];
  /** The line in the table. */
  readonly line: number;
}

export interface TableRows {
  readonly rows: readonly Label[];
  readonly hasSplits: boolean;
  /** Further columns: in the order of the header, or in which JSON names them first. */
  readonly columns: readonly string[];
}

/**
 * A table of pictures, CSV with a header or one JSON object a line, with file
 * (POSIX path), class, perhaps split, and whatever else.
 *
 * @throws StepError naming the line that is no such thing.
 */
export async function readTableRows(table: string): Promise<TableRows> {
  const lines = extname(table).toLowerCase() === ".jsonl" ? jsonLines(table) : csvLines(table);
  const columns = new Set<string>();
  const read: { row: Omit<Label, "others">; others: ReadonlyMap<string, string> }[] = [];
  let hasSplits = false;
  for await (const { line, file, class: name, others } of lines) {
    const split = others.get("split");
    if (split !== undefined) hasSplits = true;
    for (const column of others.keys()) if (column !== "split") columns.add(column);
    read.push({ row: { line, file, class: name, ...(split === undefined ? {} : { split }) }, others });
  }
  const further = [...columns];
  return {
    rows: read.map(({ row, others }) => ({ ...row, others: further.map((name) => others.get(name) ?? "") })),
    hasSplits,
    columns: further,
  };
}

interface TableLine {
  readonly line: number;
  readonly file: string;
  readonly class: string;
  readonly others: ReadonlyMap<string, string>;
}

async function* csvLines(table: string): AsyncGenerator<TableLine> {
  for await (const { line, values, others } of readTable(table, ["file", "class"])) {
    yield { line, ...values, others };
  }
}

async function* jsonLines(table: string): AsyncGenerator<TableLine> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(table), crlfDelay: Infinity })) {
    line++;
    if (text.trim() === "") continue;
    const json = objectIn(text);
    const place = `${basename(table)}:${line}`;
    if (json === undefined) throw new StepError(`${place} is no JSON object`);
    const { file, class: name, ...others } = json;
    if (typeof file !== "string" || (typeof name !== "string" && typeof name !== "number")) {
      throw new StepError(`${place} has no "file" or no "class"`);
    }
    yield { line, file, class: String(name), others: new Map(Object.entries(others).map(textOf)) };
  }
}

function objectIn(text: string): JsonObject | undefined {
  try {
    const json = JSON.parse(text) as Json;
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

function textOf([name, value]: [string, Json]): [string, string] {
  if (value === null) return [name, ""];
  return [name, typeof value === "string" ? value : JSON.stringify(value)];
}
