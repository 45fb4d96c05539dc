import { type ClaimedItem, itemsOf, rangeOf, type WorkItem } from "../../engine/division.ts";
import { isArchive } from "../archives/kinds.ts";
import { arrange, type PictureToLookAt, picturesToLookAt } from "./arrange.ts";
import type { OrganizePart } from "./declaration.ts";
import { ITEM } from "./item-size.ts";
import { keptLooks, looksOf } from "./looks.ts";

/**
 * Runs of the pictures that are to be looked at, to find those that are almost the
 * same. Pictures in archives are looked at by whoever unpacks them.
 */
export async function split(ctx: OrganizePart): Promise<readonly WorkItem[]> {
  const pictures = await picturesOf(ctx);
  if (pictures.length < 2 * ITEM) return [];
  const known = await keptLooks(ctx);
  const toDo = pictures.flatMap(({ digest }, at) => (known.has(digest) ? [] : [{ to: at + 1, cost: 1 }]));
  return itemsOf("pictures", toDo, ITEM);
}

/** Looks at the pictures of items. */
export async function work(ctx: OrganizePart, items: AsyncIterable<ClaimedItem>): Promise<void> {
  const pictures = await picturesOf(ctx);
  const known = await keptLooks(ctx);
  let done = 0;
  for await (const item of items) {
    const { from, to } = rangeOf(item);
    const part = pictures.slice(from, to);
    const lacking = part.filter(({ digest }) => !known.has(digest)).length;
    await looksOf(ctx, part, known, done);
    done += lacking;
    item.done();
  }
}

async function picturesOf(ctx: OrganizePart): Promise<readonly PictureToLookAt[]> {
  if (ctx.inputs.source.files.some(({ path }) => isArchive(path))) return [];
  // Nothing is unpacked.
  const { duplicates } = await arrange(ctx, "");
  return picturesToLookAt(duplicates.images);
}
