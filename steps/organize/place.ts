import { type InputFile, StepError } from "../../engine/step-type.ts";
import { imagePath, ownColumns, type Split } from "../learning/tables/images.ts";
import type { Placed } from "./class-words.ts";
import { type Classes, classesOf } from "./classes.ts";
import { deal } from "./deal.ts";
import type { OrganizeParams } from "./declaration.ts";
import type { Labels } from "./labels.ts";
import type { Layout } from "./layout.ts";
import { countOf, listed } from "./listed.ts";
import { splitsSaid } from "./read-splits.ts";

/** A picture with its place in the data set. */
export interface PlacedImage {
  readonly split: Split;
  /** The name of the class. */
  readonly class: string;
  /** Its path within the class, POSIX; unique within split and class. */
  readonly file: string;
  readonly source: InputFile;
  /** What it stays together with. */
  readonly group?: string;
  /** What else the table says of it, by column. */
  readonly others?: ReadonlyMap<string, string>;
}

export interface PlacedImages {
  readonly images: readonly PlacedImage[];
  readonly classes: Classes;
  /** How many pictures a list of classes leaves out, by the word that marks them. */
  readonly leftOut: ReadonlyMap<string, number>;
}

/**
 * Gives every picture its split, its class and its name within it.
 *
 * @throws StepError where a class or a group is not known, or two pictures have one place.
 */
export function placeImages(
  { placed }: Layout,
  params: OrganizeParams,
  labels: Labels | undefined,
): PlacedImages {
  const classes = classesOf(params, [...new Set(placed.map(({ word }) => word))]);
  const said = splitsSaid(params.splits);
  const groups = groupsOf(placed, params.groupBy, labels);
  const columns = labels?.columns.map(otherThanOwn) ?? [];
  const leftOut = new Map<string, number>();
  const images: PlacedImage[] = [];
  const unknown: string[] = [];
  for (const one of placed) {
    const name = classes.nameOf(one.word);
    if (name === undefined) {
      unknown.push(`${one.picture.path} ("${one.word}")`);
      leftOut.set(one.word, (leftOut.get(one.word) ?? 0) + 1);
      continue;
    }
    const group = groups?.get(one);
    const dealt =
      said.kind === "shares" ? deal(group ?? one.picture.digest, said.shares, params.seed) : "train";
    const others = columns.length > 0 && labels?.labelOf(one.picture)?.others;
    images.push({
      split: one.split ?? dealt,
      class: name,
      file: classes.isMerged(name) ? one.path : one.pathInClass,
      source: one.picture,
      ...(group === undefined ? {} : { group }),
      ...(others ? { others: new Map(columns.map((column, at) => [column, others[at] ?? ""])) } : {}),
    });
  }
  if (unknown.length > 0 && !Array.isArray(params.classes)) {
    const known = Object.keys(params.classes ?? {}).join(", ");
    throw new StepError(
      listed(`the class of ${countOf(unknown)} is not known (classes has ${known}):`, unknown),
    );
  }
  refuseTwins(images);
  return { images, classes, leftOut };
}

/** A column of the table must not take the place of one that has a meaning. */
function otherThanOwn(column: string): string {
  return ownColumns.has(column) ? `table_${column}` : column;
}

function groupsOf(
  placed: readonly Placed[],
  groupBy: OrganizeParams["groupBy"],
  labels: Labels | undefined,
): ReadonlyMap<Placed, string> | undefined {
  if (groupBy === undefined) return undefined;
  const nameOf =
    "pattern" in groupBy ? byPattern(String(groupBy.pattern)) : byColumn(String(groupBy.column), labels);
  const groups = new Map<Placed, string>();
  const without: string[] = [];
  for (const one of placed) {
    const name = nameOf(one.picture);
    if (name) groups.set(one, name);
    else without.push(one.picture.path);
  }
  if (without.length > 0)
    throw new StepError(listed(`groupBy finds no group for ${countOf(without)}:`, without));
  return groups;
}

function byPattern(pattern: string): (picture: InputFile) => string | undefined {
  const expression = new RegExp(pattern);
  return ({ path }) => expression.exec(path)?.[1];
}

function byColumn(column: string, labels: Labels | undefined): (picture: InputFile) => string | undefined {
  const at = labels?.columns.indexOf(column) ?? -1;
  if (labels === undefined) throw new StepError(`groupBy names the column ${column}, and there is no table`);
  if (at < 0) {
    throw new StepError(
      `groupBy names the column ${column}; the table has ${["file", "class", ...labels.columns].join(", ")}`,
    );
  }
  return (picture) => labels.labelOf(picture)?.others[at];
}

/** Two spellings of one folder's name can hold one file each. */
function refuseTwins(images: readonly PlacedImage[]): void {
  const seen = new Map<string, PlacedImage>();
  const twins: string[] = [];
  for (const image of images) {
    const place = imagePath(image);
    const other = seen.get(place);
    if (other === undefined) seen.set(place, image);
    else twins.push(`${other.source.path} and ${image.source.path}`);
  }
  if (twins.length > 0)
    throw new StepError(listed("pictures of one split and class have the same name:", twins));
}
