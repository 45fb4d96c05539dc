import { type InputFile, StepError } from "../../engine/step-type.ts";
import { some } from "../../engine/wording.ts";
import type { Split } from "../learning/tables/images.ts";
import { composed } from "./composed.ts";
import type { Layout } from "./layout.ts";
import { kindsText } from "./left-out.ts";
import { listed } from "./listed.ts";
import type { PlacedImage } from "./place.ts";

export interface GapsOptions {
  readonly layout: Layout;
  /** All files of the source, and those that are not taken. */
  readonly files: readonly InputFile[];
  readonly skipped: readonly InputFile[];
  readonly classes: readonly string[];
  /** The splits that there have to be. */
  readonly splits: readonly Split[];
}

/**
 * A class without a picture in some split, or an empty split, would only show up
 * after hours. Where pictures are dealt out, a rare class may be in none but
 * train: that is told, and nothing more.
 *
 * @returns sentences on such classes.
 * @throws StepError naming every gap.
 */
export function refuseGaps(images: readonly PlacedImage[], options: GapsOptions): readonly string[] {
  const { classes, splits, layout } = options;
  const there = new Set(images.map((image) => `${image.split}/${image.class}`));
  const rare: string[] = [];
  const gaps = splits.flatMap((split) => {
    const missing = classes.filter((name) => !there.has(`${split}/${name}`));
    if (layout.splitsFrom === "shares" && split !== "train" && missing.length < classes.length) {
      const what = missing.length === 1 ? "a class has" : `${missing.length} classes have`;
      if (missing.length > 0) rare.push(`${what} no picture in ${split}: ${some(missing, 5)}.`);
      return [];
    }
    const { place, isEmpty, but } = aboutSplit(split, options);
    if (isEmpty) return [`split ${split}: the source has no folder ${place} with files in it`];
    const where = place === "" ? `split ${split}` : `split ${split} (folder ${place})`;
    if (missing.length === classes.length) return [`${where} has no pictures${but}`];
    return missing.map((name) => `${where} has no picture of class ${name}${but}`);
  });
  if (gaps.length === 0) return rare;
  const way =
    layout.splitsFrom === "shares"
      ? " (larger shares, fewer splits or another `seed` deal them out otherwise)"
      : "";
  throw new StepError(listed(`the pictures are not complete${way}:`, gaps));
}

/** Whether a file lies in the folder of a split; anywhere, where no folders are splits. */
export function isInSplits({ folders }: Pick<Layout, "folders">): (file: InputFile) => boolean {
  return folders.size === 0 ? () => true : isInside([...folders.values()].flat());
}

function isInside(folders: readonly string[]): (file: InputFile) => boolean {
  const names = new Set(folders.map(composed));
  return ({ path }) =>
    path
      .split("/")
      .slice(0, -1)
      .some((part) => names.has(composed(part)));
}

function aboutSplit(
  split: Split,
  { layout, files, skipped }: GapsOptions,
): { readonly place: string; readonly isEmpty: boolean; readonly but: string } {
  const folders = layout.folders.get(split) ?? [];
  if (folders.length === 0) return { place: "", isEmpty: false, but: "" };
  const isThere = isInside(folders);
  const leftOut = skipped.filter(isThere);
  return {
    place: folders.join(", "),
    isEmpty: !files.some(isThere),
    but: leftOut.length === 0 ? "" : `; left out there: ${kindsText(leftOut)}`,
  };
}
