import { type ClaimedItem, itemsOf, rangeOf, type WorkItem } from "../../engine/division.ts";
import type { Json } from "../../engine/json.ts";
import type { PicturesToCompute } from "./compute-rows.ts";
import type { ExtractPart } from "./declaration.ts";
import { ITEM_ROWS } from "./limits.ts";
import { computerOf, lackingAmong, openWork } from "./open-work.ts";

/**
 * Runs of the pictures in their order, of as many rows as are to be computed.
 * Where an item begins and ends are positions: what is there within is looked at
 * by whoever does it.
 */
export async function split(ctx: ExtractPart): Promise<readonly WorkItem[]> {
  const work = await openWork(ctx);
  const lacking = new Set(await lackingAmong(work, work.wanted));
  const toDo = work.wanted.flatMap((image, at) => (lacking.has(image) ? [{ to: at + 1, cost: 1 }] : []));
  return itemsOf("images", toDo, ITEM_ROWS);
}

/** An item whose pictures are being decoded. */
interface Begun {
  readonly item: ClaimedItem;
  readonly pictures: PicturesToCompute;
}

/** Computes the rows of items into the store. What cannot be read is left for `run` to tell. */
export async function work(ctx: ExtractPart, items: AsyncIterable<ClaimedItem>): Promise<void> {
  const opened = await openWork(ctx);
  const tell = (done: number): void =>
    ctx.progress({ done, total: opened.wanted.length, unit: "images", reused: 0 });
  const computer = computerOf(opened, ctx, { most: opened.wanted.length, tell });
  let written = Promise.resolve();
  try {
    const claimed = items[Symbol.asyncIterator]();
    const begin = async (): Promise<Begun | undefined> => {
      const { done, value: item } = await claimed.next();
      if (done) return undefined;
      const { from, to } = rangeOf(item);
      const lacking = await lackingAmong(opened, opened.wanted.slice(from, to));
      ctx.log(`images ${from} to ${to}: ${lacking.length} to compute`);
      return { item, pictures: computer.read(lacking) };
    };
    for (let begun = await begin(); begun !== undefined; ) {
      const { item, pictures } = begun;
      // While the last of these are computed the first of the next are decoded.
      let next: Promise<Begun | undefined> | undefined;
      const computed = await computer.compute(pictures, () => {
        next ??= begin();
        next.catch(() => {});
      });
      const before = written;
      written = before.then(() => computed.written).then(() => item.done());
      written.catch(() => {});
      begun = await (next ?? begin());
    }
    await written;
  } finally {
    // What went wrong with it was told, or is worth less than what did.
    await written.catch(() => {});
    ctx.metric({ account: computer.account() as unknown as Json });
    await computer.close();
  }
}
