import { basename } from "node:path";
import { addTo } from "../../engine/lists.ts";
import { type InputFile, StepError, type StepInput } from "../../engine/step-type.ts";
import { readTable } from "../learning/tables/csv.ts";
import { listed } from "./listed.ts";

/** The words of a table of labels, and what they are for. */
export interface Labels {
  /** The word for a picture: that of its path in the source, else that of its name alone. */
  wordOf(file: InputFile): string | undefined;
  /** Lines for which the source has no file: name and place. */
  readonly withoutFile: readonly string[];
}

interface Label {
  readonly file: string;
  readonly class: string;
  /** The line in the table. */
  readonly line: number;
}

/**
 * Reads a CSV with the columns file and class for the files of a source. Names
 * that differ only in Unicode form mean the same file: what went through a Mac
 * is spelled otherwise than what was typed.
 *
 * @throws StepError where a file has two words, or a name alone could mean different pictures.
 */
export async function readLabels(table: StepInput, files: readonly InputFile[]): Promise<Labels> {
  const labels = await readLines(table.path);
  const labelOf = (file: InputFile): Label | undefined =>
    labels.get(composed(file.path)) ?? labels.get(composed(basename(file.path)));
  const meant = new Map<Label, InputFile[]>();
  for (const file of files) {
    const label = labelOf(file);
    if (label !== undefined) addTo(meant, label, file);
  }
  refuseDoubtful(table.path, meant);
  return {
    wordOf: (file) => labelOf(file)?.class,
    withoutFile: [...labels.values()]
      .filter((label) => !meant.has(label))
      .map(({ file, line }) => `${file} (line ${line})`),
  };
}

/** Text in the one form in which it is compared: letters with their accents in one piece (NFC). */
export function composed(text: string): string {
  return text.normalize("NFC");
}

/** By the composed spelling of the file. */
async function readLines(table: string): Promise<ReadonlyMap<string, Label>> {
  const labels = new Map<string, Label>();
  for await (const { line, values } of readTable(table, ["file", "class"])) {
    const key = composed(values.file);
    const before = labels.get(key);
    if (before === undefined) labels.set(key, { ...values, line });
    else if (before.class !== values.class) {
      throw new StepError(
        `${table}:${line}: ${values.file} is ${values.class} here and ${before.class} on line ${before.line}`,
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
