import { join } from "node:path";
import { byCodeUnit } from "../../../engine/json.ts";
import { type Line, readTable, writeTable } from "./csv.ts";
import { byLocation, type ImageRow, readLocation } from "./images.ts";
import { indexFile } from "./index-file.ts";

/**
 * The format of a `features` artifact: `index.csv` says which image has which
 * class, `features.json` (see `manifest.ts`) where the rows are and how they were
 * made. The rows themselves stay in the store and are found by image digest, so
 * that the artifact is the same whatever was computed when and where.
 */
/** A line of `index.csv`: an image as in `images.csv`, without its size. */
export type FeatureRow = Pick<ImageRow, "split" | "class" | "label" | "file" | "digest"> & {
  /** How the image is seen; absent where it is seen as it is. */
  readonly view?: string;
};

/** What a row is found by in a store: the image, and how it is seen. */
export function rowName({ digest, view }: Pick<FeatureRow, "digest" | "view">): string {
  return view === undefined ? digest : `${digest} ${view}`;
}

const columns = ["split", "class", "label", "file", "digest"] as const;
/** The last column, where any image is seen otherwise than as it is. */
const viewColumn = "view";

/** Writes `index.csv` into `folder`: code-unit order of split, class, file, view, whatever the order of `rows`. */
export async function writeIndex(folder: string, rows: readonly FeatureRow[]): Promise<void> {
  const views = rows.some(({ view }) => view !== undefined) ? [viewColumn] : [];
  const sorted = [...rows].sort((a, b) => byLocation(a, b) || byCodeUnit(a.view ?? "", b.view ?? ""));
  function* lines(): Generator<Line> {
    for (const row of sorted)
      yield [...columns.map((column) => row[column]), ...views.map(() => row.view ?? "")];
  }
  await writeTable(join(folder, indexFile), [...columns, ...views], lines());
}

/** @throws StepError where the index is missing or a line is not of this format. */
export async function readIndex(folder: string): Promise<FeatureRow[]> {
  const file = join(folder, indexFile);
  const rows: FeatureRow[] = [];
  for await (const { line, values, others } of readTable(file, columns)) {
    const view = others.get(viewColumn) ?? "";
    rows.push({ ...readLocation(`${file}:${line}`, values), ...(view === "" ? {} : { view }) });
  }
  return rows;
}

/** Writes `skipped.csv` into `folder`: the images that have no row, and why; in canonical order. */
export async function writeSkipped(
  folder: string,
  rows: readonly (FeatureRow & { readonly reason: string })[],
): Promise<void> {
  const header = ["split", "class", "file", "digest", "reason"] as const;
  const lines = [...rows].sort(byLocation).map((row) => header.map((column) => row[column]));
  await writeTable(join(folder, "skipped.csv"), header, lines);
}
