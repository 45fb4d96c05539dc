import { join } from "node:path";
import { byCodeUnit } from "../../../engine/json.ts";
import { StepError } from "../../../engine/step-type.ts";
import { type Line, readTable, writeTable } from "./csv.ts";

/**
 * The format of an `images` artifact: `images.csv` and the pictures it lists, at
 * `<split>/<class>/<file>`.
 *
 * The table has the columns split, class, label, file, digest, width, height and
 * one line an image, in code-unit order of split, class, file. Where pictures stay
 * in their source a column `path` follows, their place in it, and they are not
 * beside the table; then whatever a table of the user's says of them.
 */
const imagesFile = "images.csv";

/** In the order in which people think of them. */
export const splits = ["train", "validation", "test"] as const;
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
  /** Pixels, as stored: no EXIF rotation. Absent where they cannot be read. */
  readonly width?: number;
  readonly height?: number;
  /** Where it lies in the source, POSIX; absent where it lies beside the table. */
  readonly path?: string;
  /** What else is known of it, by column; the same columns in every row. */
  readonly others?: ReadonlyMap<string, string>;
}

/** Where an image lies in its artifact, POSIX. */
export function imagePath(row: Pick<ImageRow, "split" | "class" | "file">): string {
  return `${row.split}/${row.class}/${row.file}`;
}

/** Where an artifact of images lies, and the folder of the files that it only names. */
export interface ImagesPlace {
  readonly path: string;
  readonly origin?: string;
}

/** The file of an image, absolute. */
export function imageFile(
  images: ImagesPlace,
  row: Pick<ImageRow, "split" | "class" | "file" | "path">,
): string {
  if (row.path === undefined) return join(images.path, imagePath(row));
  if (images.origin === undefined) throw new Error("images are named by their places in nothing");
  return join(images.origin, row.path);
}

/** Canonical order: split, class, file. */
export function byLocation(
  a: Pick<ImageRow, "split" | "class" | "file">,
  b: Pick<ImageRow, "split" | "class" | "file">,
): number {
  return byCodeUnit(a.split, b.split) || byCodeUnit(a.class, b.class) || byCodeUnit(a.file, b.file);
}

const columns = ["split", "class", "label", "file", "digest", "width", "height"] as const;
const pathColumn = "path";

/** Writes `images.csv` into `folder`, in canonical order whatever the order of `rows`. */
export async function writeImages(folder: string, rows: readonly ImageRow[]): Promise<void> {
  const others = [...(rows[0]?.others?.keys() ?? [])];
  const places = rows.some(({ path }) => path !== undefined) ? [pathColumn] : [];
  function* lines(): Generator<Line> {
    for (const row of [...rows].sort(byLocation)) {
      yield [
        ...columns.map((column) => row[column] ?? ""),
        ...places.map(() => row.path ?? ""),
        ...others.map((column) => row.others?.get(column) ?? ""),
      ];
    }
  }
  await writeTable(join(folder, imagesFile), [...columns, ...places, ...others], lines());
}

/** @throws StepError where the table is missing or a line is not of this format. */
export async function readImages(folder: string): Promise<ImageRow[]> {
  const file = join(folder, imagesFile);
  const rows: ImageRow[] = [];
  for await (const { line, values, others } of readTable(file, columns)) {
    const place = `${file}:${line}`;
    const { split, class: name, label, file: path, digest } = readLocation(place, values);
    const { width, height } = sizeOf(place, values);
    // Written out: there may be a million of them, and copied members take twice the memory.
    const row =
      width === undefined || height === undefined
        ? { split, class: name, label, file: path, digest }
        : { split, class: name, label, file: path, digest, width, height };
    rows.push(others.size === 0 ? row : { ...row, ...more(place, others) });
  }
  return rows;
}

/** The columns that have a meaning here: a table of the user's needs other names for its own. */
export const ownColumns: ReadonlySet<string> = new Set([...columns, pathColumn]);

function more(place: string, others: ReadonlyMap<string, string>): Pick<ImageRow, "path" | "others"> {
  const path = others.get(pathColumn);
  const further = new Map([...others].filter(([name]) => name !== pathColumn));
  return {
    ...(path === undefined ? {} : { path: readPath(place, path) }),
    ...(further.size === 0 ? {} : { others: further }),
  };
}

function sizeOf(
  place: string,
  { width, height }: Readonly<Record<"width" | "height", string>>,
): Pick<ImageRow, "width" | "height"> {
  if (width === "" && height === "") return {};
  return { width: readWhole(place, "width", width), height: readWhole(place, "height", height) };
}

function readPath(place: string, path: string): string {
  if (!path.split("/").every(isName)) throw new StepError(`${place}: "${path}" cannot be a path in a source`);
  return path;
}

/** What a line of `images.csv` and one of a feature index have in common, checked. */
export function readLocation(
  place: string,
  values: Readonly<Record<"split" | "class" | "label" | "file" | "digest", string>>,
): Pick<ImageRow, "split" | "class" | "label" | "file" | "digest"> {
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
