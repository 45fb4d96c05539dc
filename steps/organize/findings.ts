import { byCodeUnit } from "../../engine/json.ts";
import { addTo } from "../../engine/lists.ts";
import type { InputFile } from "../../engine/step-type.ts";
import { type ImageRow, imagePath } from "../learning/tables/images.ts";
import { readKinds } from "../vision/pixels/kinds.ts";
import { kindsText } from "./left-out.ts";
import { some } from "./listed.ts";

/** What makes figures doubtful without keeping anything from running. */
export interface Findings {
  /** Sentences that travel with the pictures to the report. */
  readonly notes: readonly string[];
  /** How many different pictures lie in more than one split. */
  readonly acrossSplits: number;
  readonly acrossClasses: number;
}

/**
 * @param leftOut pictures of kinds that are not read.
 * @param unused labels for which there is no file.
 */
export function findingsOf(
  rows: readonly ImageRow[],
  leftOut: readonly InputFile[],
  unused: readonly string[],
): Findings {
  const groups = groupsOfSame(rows);
  const across = (member: "split" | "class"): readonly (readonly ImageRow[])[] =>
    groups.filter((group) => group.some((row) => row[member] !== group[0]?.[member]));
  const [splits, classes] = [across("split"), across("class")];
  const notes = [
    splits.length > 0 && `${are(splits.length, "picture")} in more than one split: ${names(splits)}.`,
    classes.length > 0 && `${are(classes.length, "picture")} in more than one class: ${names(classes)}.`,
    leftOut.length > 0 &&
      `${are(leftOut.length, "picture")} left out for the kind of file (${kindsText(leftOut)}): ${readKinds}.`,
    unused.length > 0 &&
      `${unused.length} ${unused.length === 1 ? "label has" : "labels have"} no picture: ${some(unused, MOST)}.`,
  ];
  return {
    notes: notes.filter((note) => note !== false),
    acrossSplits: splits.length,
    acrossClasses: classes.length,
  };
}

/** How many names a note gives. */
const MOST = 5;

/** Rows with the same content, where there is more than one, in the order of their places. */
function groupsOfSame(rows: readonly ImageRow[]): readonly (readonly ImageRow[])[] {
  const groups = new Map<string, ImageRow[]>();
  for (const row of rows) addTo(groups, row.digest, row);
  return [...groups.values()]
    .filter(({ length }) => length > 1)
    .map((group) => group.sort((a, b) => byCodeUnit(imagePath(a), imagePath(b))))
    .sort(([a], [b]) => byCodeUnit(imagePath(a as ImageRow), imagePath(b as ImageRow)));
}

function names(groups: readonly (readonly ImageRow[])[]): string {
  return some(
    groups.map((group) => group.map(imagePath).join(" = ")),
    MOST,
  );
}

function are(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? " is" : "s are"}`;
}
