import { extname } from "node:path";
import { type InputFile, StepError, type StepInput } from "../../engine/step-type.ts";
import { readTable } from "../learning/tables/csv.ts";
import type { Split } from "../learning/tables/images.ts";
import type { OrganizeParams } from "./declaration.ts";
import { listed } from "./listed.ts";

/** A picture with its place in the data set. */
export interface FoundImage {
  readonly split: Split;
  /** The name of the class. */
  readonly class: string;
  /** Its name in the output, unique within split and class. */
  readonly file: string;
  readonly source: InputFile;
}

const extensions = new Set([".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff"]);

/**
 * The pictures of a source, and how many files are none. Hidden files and what
 * macOS leaves in archives (`__MACOSX`) count as none.
 *
 * @throws StepError naming every picture whose class is not known, or whose name is there twice.
 */
export async function findImages(
  source: StepInput,
  { splits, classes, classFrom }: OrganizeParams,
  labels: StepInput | undefined,
): Promise<{ readonly images: readonly FoundImage[]; readonly skipped: number }> {
  const words = labels === undefined ? undefined : await readLabels(labels.path);
  const images: FoundImage[] = [];
  const unknown: string[] = [];
  let skipped = 0;
  for (const [split, folder] of Object.entries(splits) as [Split, string][]) {
    const files = source.files.filter(({ path }) => path.startsWith(`${folder}/`));
    for (const from of files) {
      const parts = from.path.slice(folder.length + 1).split("/");
      const file = parts.at(-1) as string;
      const hidden = parts.some((part) => part.startsWith(".") || part === "__MACOSX");
      if (hidden || !extensions.has(extname(file).toLowerCase())) {
        skipped++;
        continue;
      }
      const word = classWord({ classFrom, parts, words, path: from.path });
      const name = word !== undefined && Object.hasOwn(classes, word) ? classes[word] : undefined;
      if (name !== undefined) images.push({ split, class: name, file, source: from });
      else unknown.push(`${from.path}${word === undefined ? "" : ` ("${word}")`}`);
    }
  }
  if (unknown.length > 0) {
    const known = Object.keys(classes).join(", ");
    throw new StepError(
      listed(`the class of ${unknown.length} pictures is not known (classes has ${known}):`, unknown),
    );
  }
  refuseTwins(images);
  return { images, skipped };
}

interface Clue {
  readonly classFrom: OrganizeParams["classFrom"];
  /** The path within the split, in parts. */
  readonly parts: readonly string[];
  readonly words: ReadonlyMap<string, string> | undefined;
  /** The path within the source. */
  readonly path: string;
}

function classWord({ classFrom, parts, words, path }: Clue): string | undefined {
  const file = parts.at(-1) as string;
  switch (classFrom) {
    case "prefix":
      return file.includes("_") ? file.slice(0, file.indexOf("_")) : undefined;
    case "folder":
      return parts.length > 1 ? parts[0] : undefined;
    case "csv":
      return words?.get(path) ?? words?.get(file);
    default:
      return classFrom satisfies never;
  }
}

/** The word for each picture, by its path in the source or by its name alone. */
async function readLabels(file: string): Promise<ReadonlyMap<string, string>> {
  const { lines } = await readTable(file, ["file", "class"]);
  const words = new Map<string, string>();
  for (const { line, values } of lines) {
    const before = words.get(values.file);
    if (before !== undefined && before !== values.class) {
      throw new StepError(`${file}:${line}: ${values.file} is ${before} further up and ${values.class} here`);
    }
    words.set(values.file, values.class);
  }
  return words;
}

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
