import { rm } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../../engine/step-type.ts";
import { writeImages } from "../learning/tables/images.ts";
import { arrange, picturesToLookAt } from "./arrange.ts";
import type { OrganizeContext, OrganizeParams } from "./declaration.ts";
import { countsBySplit, groupsAcrossSplits, notesOn } from "./findings.ts";
import { countByKind, picturesAmong } from "./left-out.ts";
import { readLooks } from "./looks.ts";
import { nearDuplicates } from "./near-duplicates.ts";
import type { Source } from "./source.ts";
import { takeAll, type Way } from "./take.ts";

/** Brings every picture to `<split>/<class>/<file>`, or leaves it where it is, and writes `images.csv`. */
export async function run(ctx: OrganizeContext): Promise<void> {
  const { params } = ctx;
  const folder = ctx.output("images");
  const scratch = join(folder, ".unpacked");
  const { source, layout, skipped, classes, leftOut, duplicates, rare } = await arrange(ctx, scratch);
  const way = wayOf(params, source);
  const { labels } = source;
  const { images } = duplicates;

  const ofOtherKinds = await picturesAmong(skipped);
  // What is moved is elsewhere afterwards.
  const looks = await readLooks(ctx, picturesToLookAt(images));
  const labelOf = new Map(classes.names.map((name, label) => [name, label]));
  const rows = await takeAll(ctx, images, { labels: labelOf, way });
  await rm(scratch, { recursive: true, force: true });
  await writeImages(folder, rows);
  if (way === "reference") ctx.leanOnInput("source");

  const near = nearDuplicates(rows, looks);
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
