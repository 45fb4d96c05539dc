import { join } from "node:path";
import { byCodeUnit } from "../../../engine/json.ts";
import { StepError } from "../../../engine/step-type.ts";
import { readTable, writeTable } from "./csv.ts";

/**
 * The format of an `images` artifact: `images.csv` and the pictures it lists, at
 * `<split>/<class>/<file>`.
 *
 * The table has the columns split, class, label, file, digest, width, height and
 * one line an image, in code-unit order of split, class, file.
 */
const imagesFile = "images.csv";

const splits = ["train", "validation", "test"] as const;
export type Split = (typeof splits)[number];

export interface ImageRow {
  readonly split: Split;
  /** The name of the class. */
  readonly class: string;
  /** Index of the class among all names in code-unit order. */
  readonly label: number;
  /** The path within the class, POSIX; unique within its split and class. */
  readonly file: string;
  /** `sha256:<hex>` of the file's bytes. */
  readonly digest: string;
  /** Pixels, as stored: no EXIF rotation. */
  readonly width: number;
  readonly height: number;
}

/** Where an image lies in its artifact, POSIX. */
export function imagePath(row: Pick<ImageRow, "split" | "class" | "file">): string {
  return `${row.split}/${row.class}/${row.file}`;
}

/** Canonical order: split, class, file. */
export function byLocation(
  a: Pick<ImageRow, "split" | "class" | "file">,
  b: Pick<ImageRow, "split" | "class" | "file">,
): number {
  return byCodeUnit(a.split, b.split) || byCodeUnit(a.class, b.class) || byCodeUnit(a.file, b.file);
}

const columns = ["split", "class", "label", "file", "digest", "width", "height"] as const;

/** Writes `images.csv` into `folder`, in canonical order whatever the order of `rows`. */
export async function writeImages(folder: string, rows: readonly ImageRow[]): Promise<void> {
  const lines = [...rows].sort(byLocation).map((row) => columns.map((column) => row[column]));
  await writeTable(join(folder, imagesFile), columns, lines);
}

/** @throws StepError where the table is missing or a line is not of this format. */
export async function readImages(folder: string): Promise<ImageRow[]> {
  const file = join(folder, imagesFile);
  const rows: ImageRow[] = [];
  for await (const { line, values } of readTable(file, columns)) {
    const place = `${file}:${line}`;
    const width = readWhole(place, "width", values.width);
    rows.push({ ...readLocation(place, values), width, height: readWhole(place, "height", values.height) });
  }
  return rows;
}

/** What a line of `images.csv` and one of a feature index have in common, checked. */
export function readLocation(
  place: string,
  values: Readonly<Record<"split" | "class" | "label" | "file" | "digest", string>>,
): Omit<ImageRow, "width" | "height"> {
  const { split, file, digest } = values;
  if (!isSplit(split)) throw new StepError(`${place}: "${split}" is no split (${splits.join(", ")})`);
  // They become part of a path.
  if (!isName(values.class)) throw new StepError(`${place}: "${values.class}" cannot be the name of a class`);
  if (!file.split("/").every(isName))
    throw new StepError(`${place}: "${file}" cannot be a path within a class`);
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new StepError(`${place}: "${digest}" is no digest`);
  return { split, class: values.class, label: readWhole(place, "label", values.label), file, digest };
}

function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);
}

function isSplit(name: string): name is Split {
  return (splits as readonly string[]).includes(name);
}

function readWhole(place: string, column: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new StepError(`${place}: ${column} "${text}" is no whole number`);
  return Number(text);
}
