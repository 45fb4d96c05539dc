import { addTo } from "../../engine/lists.ts";
import { type InputFile, StepError } from "../../engine/step-type.ts";
import { some } from "../../engine/wording.ts";
import type { Split } from "../learning/tables/images.ts";
import { composed } from "./composed.ts";
import type { Shares } from "./deal.ts";
import type { OrganizeParams } from "./declaration.ts";
import type { Labels } from "./labels.ts";
import { listed } from "./listed.ts";
import { splitInName, splitOfWord } from "./split-words.ts";
import { areMeant } from "./words.ts";

/** A picture's path by its parts, below what all have in common. */
export interface Parts {
  readonly picture: InputFile;
  readonly parts: readonly string[];
}

/** The same within the folder of its split. */
export interface WithSplit extends Parts {
  /** Absent where nothing says it. */
  readonly split?: Split;
  /** That folder, where it is one of several: it tells apart what has the same name in two of them. */
  readonly folder?: string;
}

export interface SplitsOptions {
  readonly params: Pick<OrganizeParams, "splits" | "classes" | "classFrom">;
  readonly labels?: Labels;
  /** Where the folders at the top are archives that were unpacked: then other words stand round that of a split. */
  readonly topIsArchives?: boolean;
}

/** What says the splits. */
export type SplitsFrom = "folders" | "table" | "shares" | "nothing";

interface Splits {
  readonly split: readonly WithSplit[];
  /** The folders of each split, where folders say it. */
  readonly folders: ReadonlyMap<Split, readonly string[]>;
  readonly splitsFrom: SplitsFrom;
}

/** What the parameter says. */
export type SplitsSaid =
  | { readonly kind: "folders"; readonly folders: readonly (readonly [Split, string])[] }
  | { readonly kind: "shares"; readonly shares: Shares }
  | { readonly kind: "nothing" };

/** @throws StepError where folders can be splits as well as classes. */
export function readSplits(pictures: readonly Parts[], options: SplitsOptions): Splits {
  const said = splitsSaid(options.params.splits);
  if (options.labels?.hasSplits) return splitsOfTable(pictures, said, options.labels);
  switch (said.kind) {
    case "folders":
      return inFolders(
        pictures,
        new Map(said.folders.map(([split, folder]) => [composed(folder), split])),
        said.folders,
      );
    case "shares":
      refuseSplitFolders(pictures, options);
      return { split: pictures, folders: new Map(), splitsFrom: "shares" };
    case "nothing":
      return guessed(pictures, options);
    default:
      return said satisfies never;
  }
}

export function splitsSaid(splits: OrganizeParams["splits"]): SplitsSaid {
  if (splits === undefined) return { kind: "nothing" };
  const given = (["train", "validation", "test"] as const).flatMap((split) => {
    const value = splits[split];
    return value === undefined ? [] : [[split, value] as const];
  });
  const isShares = given.every((entry): entry is readonly [Split, number] => typeof entry[1] === "number");
  if (isShares) return { kind: "shares", shares: given };
  return { kind: "folders", folders: given.map(([split, folder]) => [split, String(folder)]) };
}

/** @param named folders as they are written: those that hold nothing are told of later. */
function inFolders(
  pictures: readonly Parts[],
  splitOf: ReadonlyMap<string, Split>,
  named: readonly (readonly [Split, string])[],
): Splits {
  const folders = new Map<Split, string[]>();
  for (const [of, folder] of named) addTo(folders, of, folder);
  const split = pictures.flatMap(({ picture, parts: [top = "", ...parts] }) => {
    const found = parts.length > 0 ? splitOf.get(composed(top)) : undefined;
    if (found === undefined) return [];
    const isOneOf = (folders.get(found)?.length ?? 0) > 1;
    return [{ picture, parts, split: found, ...(isOneOf ? { folder: top } : {}) }];
  });
  return { split, folders, splitsFrom: "folders" };
}

function splitsOfTable(pictures: readonly Parts[], said: SplitsSaid, labels: Labels): Splits {
  if (said.kind === "shares") {
    throw new StepError("the table says the split of each picture, and `splits` gives shares: leave one out");
  }
  const named = new Map(said.kind === "folders" ? said.folders.map(([s, f]) => [composed(f), s]) : []);
  const strange: string[] = [];
  const split = pictures.flatMap((one) => {
    const label = labels.labelOf(one.picture);
    if (label === undefined) return [one];
    const word = label.split ?? "";
    const found = said.kind === "folders" ? named.get(composed(word)) : splitOfWord(word);
    if (found === undefined) strange.push(`${label.file} (line ${label.line}): "${word}"`);
    return found === undefined ? [] : [{ ...one, split: found }];
  });
  if (strange.length > 0) {
    const known = said.kind === "folders" ? [...named.keys()].join(", ") : "train, validation, test";
    throw new StepError(
      listed(`the split of ${strange.length} pictures is none that is known (${known}):`, strange),
    );
  }
  return { split, folders: new Map(), splitsFrom: "table" };
}

function guessed(pictures: readonly Parts[], options: SplitsOptions): Splits {
  const tops = topFolders(pictures);
  const nameOf = options.topIsArchives ? splitInName : splitOfWord;
  const splits = tops.filter((top) => nameOf(top) !== undefined);
  const hasOwn = pictures.some(({ parts }) => parts.length === 1);
  const areClasses = areNamedClasses(tops, options);
  if (splits.length === 0 || areClasses) {
    if (!areClasses) refuseFolds(pictures, tops, options);
    return { split: pictures, folders: new Map(), splitsFrom: "nothing" };
  }
  if (splits.length < tops.length || hasOwn) {
    // Classes are the table's business: then folders are mere places.
    if (options.labels !== undefined) {
      return { split: pictures, folders: new Map(), splitsFrom: "nothing" };
    }
    const others = hasOwn && splits.length === tops.length ? "pictures beside them" : otherThan(tops, splits);
    throw new StepError(twoWays(splits, `${others} can be no splits`));
  }
  const named = tops.map((top) => [nameOf(top) as Split, top] as const);
  return inFolders(pictures, new Map(named.map(([split, top]) => [composed(top), split])), named);
}

function otherThan(tops: readonly string[], splits: readonly string[]): string {
  return some(
    tops.filter((top) => !splits.includes(top)),
    5,
  );
}

function topFolders(pictures: readonly Parts[]): readonly string[] {
  return [...new Set(pictures.flatMap(({ parts: [top = "", ...rest] }) => (rest.length > 0 ? [top] : [])))];
}

/** Whether the folders are classes that the parameters name. */
function areNamedClasses(tops: readonly string[], { params: { classes } }: SplitsOptions): boolean {
  return classes !== undefined && tops.length > 0 && areMeant(tops, classes);
}

/** Shares deal out everything: folders that are called like splits would become classes. */
function refuseSplitFolders(pictures: readonly Parts[], options: SplitsOptions): void {
  const tops = topFolders(pictures);
  const splits = tops.filter((top) => splitOfWord(top) !== undefined);
  if (splits.length === 0 || areNamedClasses(tops, options)) return;
  throw new StepError(twoWays(splits, "`splits` gives shares"));
}

/** Folders with other names that hold the same folders each are as likely parts of the data as classes of it. */
function refuseFolds(pictures: readonly Parts[], tops: readonly string[], options: SplitsOptions): void {
  if (tops.length < 2 || options.labels !== undefined || options.params.classFrom === "prefix") return;
  const inside = new Map<string, Set<string>>();
  for (const { parts } of pictures) {
    if (parts.length < 3) return;
    const [top = "", second = ""] = parts;
    inside.set(top, (inside.get(top) ?? new Set()).add(second));
  }
  const [first, ...others] = [...inside.values()];
  if (first === undefined || first.size < 2) return;
  if (others.some((names) => names.size !== first.size || [...names].some((name) => !first.has(name))))
    return;
  throw new StepError(
    `the folders ${some(tops, 5)} can be splits, with the classes ${some([...first], 5)} in each, or classes: say \`splits: { train: ${tops[0]}, … }\`, or list them under \`classes\``,
  );
}

function twoWays(splits: readonly string[], why: string): string {
  const folders = `the folder${splits.length === 1 ? "" : "s"} ${some(splits, 5)}`;
  return `${folders} can be ${splits.length === 1 ? "a split or a class" : "splits or classes"}, and ${why}: name the folders of the splits under \`splits\`, or list all classes under \`classes\``;
}
