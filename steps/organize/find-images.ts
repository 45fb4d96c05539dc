import { type InputFile, StepError, type StepInput } from "../../engine/step-type.ts";
import type { Split } from "../learning/tables/images.ts";
import type { OrganizeParams } from "./declaration.ts";
import { composed, type Labels } from "./labels.ts";
import { isHidden, isTaken } from "./left-out.ts";
import { listed } from "./listed.ts";

/** A picture with its place in the data set. */
export interface FoundImage {
  readonly split: Split;
  /** The name of the class. */
  readonly class: string;
  /** Its path within the class, POSIX; unique within split and class. */
  readonly file: string;
  readonly source: InputFile;
}

export interface FoundImages {
  readonly images: readonly FoundImage[];
  /** Files of the splits that are no pictures, of another kind than is read, or hidden. */
  readonly skipped: readonly InputFile[];
}

/**
 * The pictures of a source by split and class. Names of folders and classes are
 * compared in composed form: what went through a Mac is spelled otherwise.
 *
 * @throws StepError naming every picture whose class is not known, or whose name is there twice.
 */
export function findImages(
  source: StepInput,
  params: OrganizeParams,
  labels: Labels | undefined,
): FoundImages {
  const classes = classesByWord(params);
  const images: FoundImage[] = [];
  const skipped: InputFile[] = [];
  const unknown: string[] = [];
  for (const [split, folder] of Object.entries(params.splits) as [Split, string][]) {
    for (const from of filesOfSplit(source, folder)) {
      if (isHidden(from.path) || !isTaken(from.path)) {
        skipped.push(from);
        continue;
      }
      const parts = from.path.split("/").slice(1);
      const word = wordOf(params.classFrom, parts, from, labels);
      const known = word === undefined ? undefined : classes.get(composed(word));
      if (known === undefined) unknown.push(`${from.path}${word === undefined ? "" : ` ("${word}")`}`);
      else images.push({ split, class: known.name, file: parts.slice(known.depth).join("/"), source: from });
    }
  }
  if (unknown.length > 0) {
    const known = Object.keys(params.classes).join(", ");
    throw new StepError(
      listed(`the class of ${unknown.length} pictures is not known (classes has ${known}):`, unknown),
    );
  }
  refuseTwins(images);
  return { images, skipped };
}

/** The files of the folder of a split. */
export function filesOfSplit({ files }: StepInput, folder: string): readonly InputFile[] {
  const name = composed(folder);
  return files.filter(({ path }) => {
    const end = path.indexOf("/");
    return end >= 0 && composed(path.slice(0, end)) === name;
  });
}

interface KnownClass {
  readonly name: string;
  /** How many folders of a picture's path the class stands for. */
  readonly depth: 0 | 1;
}

/**
 * Classes by the word that marks them. A folder that is a class is no part of
 * the path within it, unless several folders are one class: there it tells
 * apart what has the same name in two of them.
 */
function classesByWord({ classes, classFrom }: OrganizeParams): ReadonlyMap<string, KnownClass> {
  const names = Object.values(classes);
  return new Map(
    Object.entries(classes).map(([word, name]) => {
      const isAlone = names.indexOf(name) === names.lastIndexOf(name);
      return [composed(word), { name, depth: classFrom === "folder" && isAlone ? 1 : 0 }];
    }),
  );
}

/** @param parts the path within the split. */
function wordOf(
  classFrom: OrganizeParams["classFrom"],
  parts: readonly string[],
  from: InputFile,
  labels: Labels | undefined,
): string | undefined {
  const file = parts.at(-1) as string;
  switch (classFrom) {
    case "prefix":
      return file.includes("_") ? file.slice(0, file.indexOf("_")) : undefined;
    case "folder":
      return parts.length > 1 ? parts[0] : undefined;
    case "csv":
      return labels?.wordOf(from);
    default:
      return classFrom satisfies never;
  }
}

/** Two spellings of one folder's name can hold one file each. */
function refuseTwins(images: readonly FoundImage[]): void {
  const seen = new Map<string, FoundImage>();
  const twins: string[] = [];
  for (const image of images) {
    const place = `${image.split}/${image.class}/${image.file}`;
    const other = seen.get(place);
    if (other === undefined) seen.set(place, image);
    else twins.push(`${other.source.absolute} and ${image.source.absolute}`);
  }
  if (twins.length > 0)
    throw new StepError(listed("pictures of one split and class have the same name:", twins));
}
