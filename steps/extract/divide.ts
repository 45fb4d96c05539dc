import type { ClaimedItem, WorkItem } from "../../engine/division.ts";
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
  const items: WorkItem[] = [];
  let [from, rows] = [0, 0];
  let left = lacking.size;
  for (const [at, image] of work.wanted.entries()) {
    if (!lacking.has(image)) continue;
    rows++;
    left--;
    if (left === 0) items.push(itemOf(from, work.wanted.length, rows));
    else if (rows >= ITEM_ROWS && left >= ITEM_ROWS) {
      items.push(itemOf(from, at + 1, rows));
      [from, rows] = [at + 1, 0];
    }
  }
  return items;
}

function itemOf(from: number, to: number, cost: number): WorkItem {
  return { name: `images ${from}-${to}`, cost, about: { from, to } };
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
      const { from, to } = item.about as { readonly from: number; readonly to: number };
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
