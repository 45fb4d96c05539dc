import type { ClaimedItem, WorkItem } from "../../engine/division.ts";
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
  const known = pictures.length < 2 * ITEM ? undefined : await keptLooks(ctx);
  if (known === undefined) return [];
  const items: WorkItem[] = [];
  let [from, cost] = [0, 0];
  let left = pictures.filter(({ digest }) => !known.has(digest)).length;
  for (const [at, { digest }] of pictures.entries()) {
    if (known.has(digest)) continue;
    cost++;
    left--;
    if (left > 0 && (cost < ITEM || left < ITEM)) continue;
    const to = left === 0 ? pictures.length : at + 1;
    items.push({ name: `pictures ${from}-${to}`, cost, about: { from, to } });
    [from, cost] = [to, 0];
  }
  return items;
}

/** Looks at the pictures of items. */
export async function work(ctx: OrganizePart, items: AsyncIterable<ClaimedItem>): Promise<void> {
  const pictures = await picturesOf(ctx);
  const known = await keptLooks(ctx);
  let done = 0;
  for await (const item of items) {
    const { from, to } = item.about as { readonly from: number; readonly to: number };
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
