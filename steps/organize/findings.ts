import { addTo } from "../../engine/lists.ts";
import type { InputFile } from "../../engine/step-type.ts";
import { some } from "../../engine/wording.ts";
import { type ImageRow, imagePath, type Split } from "../learning/tables/images.ts";
import { readKinds } from "../vision/pixels/kinds.ts";
import { kindsText } from "./left-out.ts";
import type { Pair } from "./near-duplicates.ts";
import type { PlacedImage } from "./place.ts";

/** What there is to be said of a data set. */
export interface Found {
  readonly rows: readonly ImageRow[];
  readonly images: readonly PlacedImage[];
  readonly classes: readonly string[];
  /** Pictures of kinds that are not read. */
  readonly ofOtherKinds: readonly InputFile[];
  /** Lines of a table for which there is no file. */
  readonly unused: readonly string[];
  /** How many pictures were not selected, by the word of their class. */
  readonly notSelected: ReadonlyMap<string, number>;
  readonly nearDuplicates: readonly Pair[];
  readonly splitsFrom: "folders" | "table" | "shares" | "nothing";
}

/** A class with fewer pictures for training than this is named. */
const FEW = 10;
/** How many names a note gives. */
const MOST = 5;

/** What makes figures doubtful without keeping anything from running: sentences that travel with the pictures to the report. */
export function notesOn(found: Found): readonly string[] {
  const { rows, ofOtherKinds, unused, notSelected, nearDuplicates } = found;
  const groups = groupsAcrossSplits(found.images);
  const unreadable = rows.filter(({ width }) => width === undefined);
  const left = [...notSelected.values()].reduce((sum, count) => sum + count, 0);
  const notes = [
    nearDuplicates.length > 0 &&
      `${are(nearDuplicates.length, "picture")} almost the same as one of another split: ${some(nearDuplicates.map(pairText), MOST)}.`,
    groups.length > 0 && `${are(groups.length, "group")} in more than one split: ${some(groups, MOST)}.`,
    unreadable.length > 0 &&
      `${unreadable.length} ${unreadable.length === 1 ? "picture" : "pictures"} cannot be read: ${some(unreadable.map(imagePath), MOST)}.`,
    ...few(found),
    left > 0 &&
      `${are(left, "picture")} left out, of classes that are not selected: ${some(
        [...notSelected].map(([word, count]) => `${word} ${count}`),
        MOST,
      )}.`,
    ofOtherKinds.length > 0 &&
      `${are(ofOtherKinds.length, "picture")} left out for the kind of file (${kindsText(ofOtherKinds)}): ${readKinds}.`,
    unused.length > 0 &&
      `${unused.length} ${unused.length === 1 ? "label has" : "labels have"} no picture: ${some(unused, MOST)}.`,
    found.splitsFrom === "shares" && `Pictures were dealt out by their content: ${countsText(rows)}.`,
    found.splitsFrom === "nothing" &&
      "All pictures are for training: nothing says the splits. `splits: { train: 0.8, validation: 0.1, test: 0.1 }` deals them out.",
  ];
  return notes.filter((note) => note !== false);
}

/** How many pictures there are by split. */
export function countsBySplit(rows: readonly Pick<ImageRow, "split">[]): Readonly<Record<string, number>> {
  const counts: Partial<Record<Split, number>> = {};
  for (const { split } of rows) counts[split] = (counts[split] ?? 0) + 1;
  return { train: 0, validation: 0, test: 0, ...counts };
}

/** Groups that lie in more than one split. */
export function groupsAcrossSplits(images: readonly PlacedImage[]): readonly string[] {
  const splits = new Map<string, Set<Split>>();
  for (const { group, split } of images) {
    if (group !== undefined) splits.set(group, (splits.get(group) ?? new Set()).add(split));
  }
  return [...splits].flatMap(([group, among]) => (among.size > 1 ? [group] : [])).sort();
}

function few({ rows, classes }: Found): readonly string[] {
  const training = new Map<string, ImageRow[]>();
  for (const row of rows) if (row.split === "train") addTo(training, row.class, row);
  const small = classes.flatMap((name) => {
    const count = training.get(name)?.length ?? 0;
    return count < FEW ? [`${name} ${count}`] : [];
  });
  if (small.length === 0) return [];
  const what = small.length === 1 ? "a class has" : `${small.length} classes have`;
  return [`${what} fewer than ${FEW} pictures for training: ${some(small, MOST)}.`];
}

function countsText(rows: readonly ImageRow[]): string {
  return Object.entries(countsBySplit(rows))
    .filter(([, count]) => count > 0)
    .map(([split, count]) => `${split} ${count}`)
    .join(", ");
}

function pairText([a, b]: Pair): string {
  return `${imagePath(a)} = ${imagePath(b)}`;
}

function are(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? " is" : "s are"}`;
}
