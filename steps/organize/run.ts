import { rm } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../../engine/step-type.ts";
import { type ImageRow, type Split, writeImages } from "../learning/tables/images.ts";
import type { OrganizeContext, OrganizeParams } from "./declaration.ts";
import { findDuplicates } from "./duplicates.ts";
import { countsBySplit, groupsAcrossSplits, notesOn } from "./findings.ts";
import { isInSplits, refuseGaps } from "./gaps.ts";
import { type Layout, readLayout } from "./layout.ts";
import { countByKind, picturesAmong } from "./left-out.ts";
import { readLooks } from "./looks.ts";
import { nearDuplicates, type Pair } from "./near-duplicates.ts";
import { isHidden, isTaken } from "./picture-names.ts";
import { type PlacedImage, placeImages } from "./place.ts";
import { openSource, type Source } from "./source.ts";
import { takeAll, type Way } from "./take.ts";

/** Brings every picture to `<split>/<class>/<file>`, or leaves it where it is, and writes `images.csv`. */
export async function run(ctx: OrganizeContext): Promise<void> {
  const { params } = ctx;
  const folder = ctx.output("images");
  const scratch = join(folder, ".unpacked");
  const source = await openSource(ctx, scratch);
  const way = wayOf(params, source);
  const { labels, files } = source;
  const pictures = files.filter(({ path }) => !isHidden(path) && isTaken(path));
  const layout = readLayout(pictures, { ...source, params });
  const taken = new Set(pictures);
  // Beside the folders of splits there may be anything.
  const isMeant = isInSplits(layout);
  const skipped = files.filter((file) => !taken.has(file) && isMeant(file));
  const { images: all, classes, leftOut } = placeImages(layout, params, labels);
  const duplicates = findDuplicates(all, params.duplicates);
  const { images } = duplicates;
  const rare = refuseGaps(images, {
    layout,
    files,
    skipped,
    classes: classes.names,
    splits: splitsOf(params, layout),
  });

  const ofOtherKinds = await picturesAmong(skipped);
  const similar = await looksOf(ctx, images);
  const labelOf = new Map(classes.names.map((name, label) => [name, label]));
  const rows = await takeAll(ctx, images, { labels: labelOf, way });
  await rm(scratch, { recursive: true, force: true });
  await writeImages(folder, rows);
  if (way === "reference") ctx.leanOnInput("source");

  const near = similar(rows);
  const unused = labels?.withoutFile ?? [];
  const found = {
    ...{ rows, images, classes: classes.names, ofOtherKinds, unused },
    splitsFrom: layout.splitsFrom,
  };
  const notes = notesOn({ ...found, notSelected: leftOut, nearDuplicates: near });
  for (const note of [...source.notes, ...duplicates.notes, ...rare, ...notes]) ctx.note("images", note);
  ctx.metric({
    images: rows.length,
    bySplit: countsBySplit(rows),
    unreadable: rows.filter(({ width }) => width === undefined).length,
    skipped: skipped.length,
    skippedByKind: countByKind(skipped),
    notSelected: [...leftOut.values()].reduce((sum, count) => sum + count, 0),
    duplicatesAcrossSplits: duplicates.acrossSplits,
    duplicatesAcrossClasses: duplicates.acrossClasses,
    duplicatesDropped: duplicates.dropped,
    nearDuplicatesAcrossSplits: near.length,
    groupsAcrossSplits: groupsAcrossSplits(images).length,
    labelsWithoutImage: unused.length,
  });
}

function wayOf({ materialize }: OrganizeParams, { isUnpacked }: Source): Way {
  if (materialize === "auto") return isUnpacked ? "move" : "copy";
  if (isUnpacked) {
    throw new StepError(
      "materialize: reference leaves pictures where they are, and these are in an archive: leave it out, or unpack it",
    );
  }
  return "reference";
}

/** The splits that there have to be: those that are named, else those that there are. */
function splitsOf({ splits }: OrganizeParams, { placed, folders, splitsFrom }: Layout): readonly Split[] {
  if (splits !== undefined) return Object.keys(splits) as Split[];
  if (splitsFrom === "folders") return [...folders.keys()];
  return splitsFrom === "table" ? [...new Set(placed.flatMap(({ split }) => split ?? []))] : ["train"];
}

/** Looks at pictures while they lie where they were: what is moved is elsewhere afterwards. */
async function looksOf(
  ctx: OrganizeContext,
  images: readonly PlacedImage[],
): Promise<(rows: readonly ImageRow[]) => readonly Pair[]> {
  if (new Set(images.map(({ split }) => split)).size < 2) return () => [];
  const pictures = images.map(({ source }) => ({ digest: source.digest, file: source.absolute }));
  const looks = await readLooks(ctx, pictures);
  return (rows) => nearDuplicates(rows, looks);
}
