import { basename } from "node:path";
import { addTo } from "../../engine/lists.ts";
import { type InputFile, StepError } from "../../engine/step-type.ts";
import { composed } from "./composed.ts";
import { listed } from "./listed.ts";
import { type Label, readTableRows } from "./table-rows.ts";

/** What a table says of pictures, and what it says it of. */
export interface Labels {
  /** The line for a picture: that of its path in the source, else that of its name alone. */
  labelOf(file: InputFile): Label | undefined;
  readonly hasSplits: boolean;
  /** Further columns. */
  readonly columns: readonly string[];
  /** Lines for which the source has no file: name and place. */
  readonly withoutFile: readonly string[];
}

/**
 * Reads a table for the files of a source. Names that differ only in Unicode
 * form mean the same file: what went through a Mac is spelled otherwise than
 * what was typed.
 *
 * @throws StepError where a file has two words, or a name alone could mean different pictures.
 */
export async function readLabels(table: string, files: readonly InputFile[]): Promise<Labels> {
  const { columns, hasSplits, rows } = await readTableRows(table);
  return labelsOf(table, files, { columns, hasSplits, labels: byFile(table, rows) });
}

interface TableOfLabels extends Pick<Labels, "columns" | "hasSplits"> {
  /** By the composed spelling of the file. */
  readonly labels: ReadonlyMap<string, Label>;
}

function labelsOf(
  table: string,
  files: readonly InputFile[],
  { labels, columns, hasSplits }: TableOfLabels,
): Labels {
  const labelOf = (file: InputFile): Label | undefined =>
    labels.get(composed(file.path)) ?? labels.get(composed(basename(file.path)));
  const meant = new Map<Label, InputFile[]>();
  for (const file of files) {
    const label = labelOf(file);
    if (label !== undefined) addTo(meant, label, file);
  }
  refuseDoubtful(table, meant);
  return {
    labelOf,
    hasSplits,
    columns,
    withoutFile: [...labels.values()]
      .filter((label) => !meant.has(label))
      .map(({ file, line }) => `${file} (line ${line})`),
  };
}

function byFile(table: string, rows: readonly Label[]): ReadonlyMap<string, Label> {
  const labels = new Map<string, Label>();
  for (const row of rows) {
    const key = composed(row.file.replace(/^(\.\/)+/, ""));
    const before = labels.get(key);
    if (before === undefined) labels.set(key, row);
    else if (before.class !== row.class || before.split !== row.split) {
      const [now, then] = [row, before].map((label) => [label.class, label.split].filter(Boolean).join(", "));
      throw new StepError(
        `${table}:${row.line}: ${row.file} is ${now} here and ${then} on line ${before.line}`,
      );
    }
  }
  return labels;
}

/** A label that could mean several pictures would give some of them a word by chance. */
function refuseDoubtful(table: string, meant: ReadonlyMap<Label, readonly InputFile[]>): void {
  const doubtful = [...meant].filter(([, files]) => new Set(files.map(({ digest }) => digest)).size > 1);
  if (doubtful.length === 0) return;
  const lines = doubtful.map(
    ([{ file, line }, files]) => `${file} (line ${line}): ${files.map(({ path }) => path).join(", ")}`,
  );
  throw new StepError(
    listed(`${table} names files that could be several; write their paths in the source:`, lines),
  );
}
