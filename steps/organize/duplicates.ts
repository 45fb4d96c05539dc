import { byCodeUnit } from "../../engine/json.ts";
import { addTo } from "../../engine/lists.ts";
import { StepError } from "../../engine/step-type.ts";
import { some } from "../../engine/wording.ts";
import { imagePath, type Split } from "../learning/tables/images.ts";
import type { OrganizeParams } from "./declaration.ts";
import { listed } from "./listed.ts";
import type { PlacedImage } from "./place.ts";

export interface Duplicates {
  /** Those that are taken. */
  readonly images: readonly PlacedImage[];
  readonly dropped: number;
  /** How many different pictures lie in more than one split. */
  readonly acrossSplits: number;
  readonly acrossClasses: number;
  readonly notes: readonly string[];
}

/**
 * Finds pictures with the same bytes. One in two splits is learned by heart and
 * then asked for; one in two classes has a wrong label.
 *
 * @throws StepError naming them, where they are to be refused.
 */
export function findDuplicates(
  images: readonly PlacedImage[],
  policy: OrganizeParams["duplicates"],
): Duplicates {
  const groups = groupsOfSame(images);
  const across = (member: "split" | "class"): readonly Group[] =>
    groups.filter((group) => group.some((image) => image[member] !== group[0]?.[member]));
  const [splits, classes] = [across("split"), across("class")];
  const notes = [
    ...(splits.length > 0 ? [`${are(splits.length)} in more than one split: ${names(splits)}.`] : []),
    ...(classes.length > 0 ? [`${are(classes.length)} in more than one class: ${names(classes)}.`] : []),
  ];
  const counts = { acrossSplits: splits.length, acrossClasses: classes.length };
  switch (policy) {
    case "warn":
      return { images, dropped: 0, ...counts, notes };
    case "fail":
      if (notes.length > 0) {
        const offenders = [...new Set([...splits, ...classes])].map(placesOf);
        throw new StepError(
          listed("pictures are in more than one split or class (duplicates: fail):", offenders),
        );
      }
      return { images, dropped: 0, ...counts, notes };
    case "drop": {
      const gone = new Set(groups.flatMap(surplus));
      const dropped =
        gone.size === 0
          ? []
          : [`${gone.size} of ${images.length} pictures are left out: they were there more than once.`];
      const kept = images.filter((image) => !gone.has(image));
      return { images: kept, dropped: gone.size, acrossSplits: 0, acrossClasses: 0, notes: dropped };
    }
    default:
      return policy satisfies never;
  }
}

type Group = readonly PlacedImage[];

/** How many names a note gives. */
const MOST = 5;

/** Pictures with the same content, where there is more than one, in the order of their places. */
function groupsOfSame(images: readonly PlacedImage[]): readonly Group[] {
  const groups = new Map<string, PlacedImage[]>();
  for (const image of images) addTo(groups, image.source.digest, image);
  return [...groups.values()]
    .filter(({ length }) => length > 1)
    .map((group) => group.sort((a, b) => byCodeUnit(imagePath(a), imagePath(b))))
    .sort(([a], [b]) => byCodeUnit(imagePath(a as PlacedImage), imagePath(b as PlacedImage)));
}

/** All of a group but one; all of it where nobody knows the class. What is asked about stays: it must not be learned. */
function surplus(group: Group): readonly PlacedImage[] {
  if (group.some((image) => image.class !== group[0]?.class)) return group;
  const order: readonly Split[] = ["test", "validation", "train"];
  const [, ...others] = order.flatMap((split) => group.filter((image) => image.split === split));
  return others;
}

function names(groups: readonly Group[]): string {
  return some(groups.map(placesOf), MOST);
}

function placesOf(group: Group): string {
  return group.map(imagePath).join(" = ");
}

function are(count: number): string {
  return `${count} ${count === 1 ? "picture is" : "pictures are"}`;
}
