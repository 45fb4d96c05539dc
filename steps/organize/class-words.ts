import { type InputFile, StepError } from "../../engine/step-type.ts";
import type { Split } from "../learning/tables/images.ts";
import type { OrganizeParams } from "./declaration.ts";
import type { Labels } from "./labels.ts";
import { countOf, listed } from "./listed.ts";
import type { SplitsOptions, WithSplit } from "./read-splits.ts";
import { areMeant, wordsOf } from "./words.ts";

/** What the source says of a picture. */
export interface Placed {
  readonly picture: InputFile;
  /** Absent where pictures are dealt out, or all are for training. */
  readonly split?: Split;
  /** What marks its class. */
  readonly word: string;
  /** Its path within the folder of the split, or within the source, POSIX. */
  readonly path: string;
  /** The same without the folder that says its class, where one does. */
  readonly pathInClass: string;
}

/** What says the classes. */
export type WordSource = Exclude<OrganizeParams["classFrom"], "auto">;

/** @throws StepError naming the pictures of which nothing says the class. */
export function readClassWords(
  pictures: readonly WithSplit[],
  { params, labels }: SplitsOptions,
): { readonly placed: readonly Placed[]; readonly wordFrom: WordSource } {
  const wordFrom = params.classFrom === "auto" ? guess(pictures, params, labels) : params.classFrom;
  const unknown: string[] = [];
  const placed = pictures.flatMap(({ picture, parts, split, folder }): Placed[] => {
    const word = wordOf(wordFrom, { picture, parts }, labels);
    if (!word) {
      unknown.push(picture.path);
      return [];
    }
    const before = folder === undefined ? [] : [folder];
    const inClass = wordFrom === "folder" ? parts.slice(1) : parts;
    return [
      {
        ...{ picture, word, path: [...before, ...parts].join("/") },
        ...(split === undefined ? {} : { split }),
        pathInClass: [...before, ...inClass].join("/"),
      },
    ];
  });
  if (unknown.length > 0) {
    throw new StepError(listed(`the class of ${countOf(unknown)} is not known: ${why[wordFrom]}:`, unknown));
  }
  return { placed, wordFrom };
}

const why: Readonly<Record<WordSource, string>> = {
  folder: "classFrom is folder, and they lie in none",
  prefix: "classFrom is prefix, and their names have nothing before a _",
  csv: "the table does not name them",
};

function wordOf(
  from: WordSource,
  { picture, parts }: WithSplit,
  labels: Labels | undefined,
): string | undefined {
  const file = parts.at(-1) ?? "";
  switch (from) {
    case "folder":
      return parts.length > 1 ? parts[0] : undefined;
    case "prefix":
      return file.includes("_") ? file.slice(0, file.indexOf("_")) : undefined;
    case "csv":
      return labels?.labelOf(picture)?.class;
    default:
      return from satisfies never;
  }
}

/** A table wins, then folders, then names; a reading in which some picture has no class is none. */
function guess(
  pictures: readonly WithSplit[],
  { classes }: SplitsOptions["params"],
  labels: Labels | undefined,
): WordSource {
  if (labels !== undefined) return "csv";
  const reading = (["folder", "prefix"] as const).find((from) => {
    const words = pictures.map((one) => wordOf(from, one, undefined));
    return words.every((word) => word) && areMeant(words as string[], classes);
  });
  if (reading !== undefined) return reading;
  throw new StepError(nothingSays(pictures, classes));
}

function nothingSays(pictures: readonly WithSplit[], classes: OrganizeParams["classes"]): string {
  const isKnown = (word: string | undefined): boolean => Boolean(word) && areMeant([word as string], classes);
  const without = pictures.filter(
    (one) => !isKnown(wordOf("folder", one, undefined)) && !isKnown(wordOf("prefix", one, undefined)),
  );
  const known = wordsOf(classes).join(", ");
  const named = known === "" ? "" : ` (classes has ${known})`;
  const shown = (without.length > 0 ? without : pictures).map((one) => {
    const words = [wordOf("folder", one, undefined), wordOf("prefix", one, undefined)].filter((word) => word);
    return `${one.picture.path}${words.length === 0 ? "" : ` ("${words.join('" or "')}")`}`;
  });
  return listed(
    `the class of ${countOf(shown)} is not known${named}: it is the folder that they lie in, or what is before the first _ of their names, or stands in a table, for all alike (\`classFrom\`):`,
    shown,
  );
}
