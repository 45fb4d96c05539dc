import type { InputFile } from "../../engine/step-type.ts";
import type { Split } from "../learning/tables/images.ts";
import { type Placed, readClassWords, type WordSource } from "./class-words.ts";
import { composed } from "./composed.ts";
import { type Parts, readSplits, type SplitsFrom, type SplitsOptions, splitsSaid } from "./read-splits.ts";
import { splitOfWord } from "./split-words.ts";
import { wordsOf } from "./words.ts";

/** What the source says of its pictures. */
export interface Layout {
  readonly placed: readonly Placed[];
  readonly wordFrom: WordSource;
  readonly splitsFrom: SplitsFrom;
  /** The folders of each split, where folders say it: for messages. */
  readonly folders: ReadonlyMap<Split, readonly string[]>;
}

/**
 * Reads where pictures lie. A folder at the top that holds all others stands for
 * nothing, unless it is called like something that is meant.
 *
 * @throws StepError where the folders can be read in two ways, or nothing says what the classes are.
 */
export function readLayout(pictures: readonly InputFile[], options: SplitsOptions): Layout {
  const all = pictures.map((picture) => ({ picture, parts: picture.path.split("/") }));
  const { split, folders, splitsFrom } = readSplits(withoutWrapper(all, namesMeant(options)), options);
  return { ...readClassWords(split, options), folders, splitsFrom };
}

/** Names of folders that stand for something, whatever lies beside them. */
function namesMeant({ params }: SplitsOptions): (name: string) => boolean {
  const said = splitsSaid(params.splits);
  const folders = said.kind === "folders" ? said.folders.map(([, folder]) => folder) : [];
  const named = new Set([...wordsOf(params.classes), ...folders].map(composed));
  return (name) => named.has(composed(name)) || (said.kind === "nothing" && splitOfWord(name) !== undefined);
}

function withoutWrapper(pictures: readonly Parts[], isMeant: (name: string) => boolean): readonly Parts[] {
  const [first] = pictures;
  const top = first?.parts[0];
  const isWrapper =
    top !== undefined && !isMeant(top) && pictures.every(({ parts }) => parts.length > 1 && parts[0] === top);
  if (!isWrapper) return pictures;
  return withoutWrapper(
    pictures.map(({ picture, parts }) => ({ picture, parts: parts.slice(1) })),
    isMeant,
  );
}
