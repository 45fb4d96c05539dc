import type { InputFile } from "../../engine/step-type.ts";
import type { Split } from "../learning/tables/images.ts";
import type { OrganizeParams, OrganizePart } from "./declaration.ts";
import { type Duplicates, findDuplicates } from "./duplicates.ts";
import { isInSplits, refuseGaps } from "./gaps.ts";
import { type Layout, readLayout } from "./layout.ts";
import { isHidden, isTaken } from "./picture-names.ts";
import { type PlacedImage, placeImages } from "./place.ts";
import { openSource, type Source } from "./source.ts";

/** Which picture goes where, before any is opened. */
export interface Arrangement {
  readonly source: Source;
  readonly layout: Layout;
  /** Files that are no pictures, where there should be some. */
  readonly skipped: readonly InputFile[];
  readonly classes: ReturnType<typeof placeImages>["classes"];
  readonly leftOut: ReturnType<typeof placeImages>["leftOut"];
  readonly duplicates: Duplicates;
  /** Notes on what there is little of. */
  readonly rare: readonly string[];
}

/**
 * @param scratch where archives are unpacked.
 * @throws StepError where the pictures are not what the parameters say.
 */
export async function arrange(ctx: OrganizePart, scratch: string): Promise<Arrangement> {
  const { params } = ctx;
  const source = await openSource(ctx, scratch);
  const { labels, files } = source;
  const pictures = files.filter(({ path }) => !isHidden(path) && isTaken(path));
  const layout = readLayout(pictures, { ...source, params });
  const taken = new Set(pictures);
  // Beside the folders of splits there may be anything.
  const isMeant = isInSplits(layout);
  const skipped = files.filter((file) => !taken.has(file) && isMeant(file));
  const { images: all, classes, leftOut } = placeImages(layout, params, labels);
  const duplicates = findDuplicates(all, params.duplicates);
  const rare = refuseGaps(duplicates.images, {
    ...{ layout, files, skipped },
    classes: classes.names,
    splits: splitsOf(params, layout),
  });
  return { source, layout, skipped, classes, leftOut, duplicates, rare };
}

/** The splits that there have to be: those that are named, else those that there are. */
function splitsOf({ splits }: OrganizeParams, { placed, folders, splitsFrom }: Layout): readonly Split[] {
  if (splits !== undefined) return Object.keys(splits) as Split[];
  if (splitsFrom === "folders") return [...folders.keys()];
  return splitsFrom === "table" ? [...new Set(placed.flatMap(({ split }) => split ?? []))] : ["train"];
}

/** A picture as it lies in the source. */
export interface PictureToLookAt {
  readonly digest: string;
  /** Absolute. */
  readonly file: string;
}

/** Those that might be almost the same as one of another split: none, where there is one split. Each once. */
export function picturesToLookAt(images: readonly PlacedImage[]): readonly PictureToLookAt[] {
  if (new Set(images.map(({ split }) => split)).size < 2) return [];
  const pictures = images.map(({ source }) => ({ digest: source.digest, file: source.absolute }));
  return [...new Map(pictures.map((picture) => [picture.digest, picture])).values()];
}
