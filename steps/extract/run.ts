import { CacheError } from "../../engine/step-type.ts";
import type { EntryName } from "../../engine/store.ts";
import { locateRows } from "../learning/features/locate.ts";
import { rowName, writeIndex } from "../learning/tables/features.ts";
import { type FeaturesManifest, writeManifest } from "../learning/tables/manifest.ts";
import { DECODING } from "../vision/pixels/decoding.ts";
import { answerForBad } from "./bad-images.ts";
import type { Failure } from "./batches.ts";
import type { ExtractContext } from "./declaration.ts";
import { computerOf, lackingAmong, openWork } from "./open-work.ts";
import { type Account, metricsOf, sumOf } from "./spent.ts";

/** Computes the rows that no store entry has, and writes `index.csv` and `features.json`. */
export async function run(ctx: ExtractContext): Promise<void> {
  const { params, worked } = ctx;
  const work = await openWork(ctx);
  const { extraction, store, all, asked, wanted, large, there } = work;
  const { extractor, layer, preprocessing, network, weights } = extraction;
  const lacking = await lackingAmong(work, wanted);
  const present = wanted.length - lacking.length;
  const accounts = worked.metrics.map(({ account }) => account as unknown as Account);
  // What this execution has done before, in parts, was not there before it.
  const reused = present - accounts.reduce((sum, { computed }) => sum + computed, 0);
  const tell = (done: number): void =>
    ctx.progress({ done: present + done, total: wanted.length, unit: "images", reused });
  const computer = computerOf(work, ctx, { most: lacking.length, tell });
  if (lacking.length === 0) tell(0);
  let unread: readonly Failure[];
  try {
    const { failures, written } = await computer.compute(computer.read(lacking));
    await written;
    unread = failures;
  } finally {
    const own = computer.account();
    // Of one worker without what it took to begin.
    const [first, ...more] = accounts;
    const before = first === undefined ? 0 : more.length > 0 ? worked.seconds : first.seconds;
    const account = sumOf([...accounts, own], before + own.seconds);
    ctx.metric({ images: wanted.length, computed: account.computed, reused, failed: own.failed });
    ctx.metric(metricsOf(account));
    await computer.close();
  }
  const bad = new Map([...large, ...unread.map(({ image, reason }) => [image.digest, reason] as const)]);
  const rows = asked.filter(({ digest }) => !bad.has(digest));
  ctx.metric({ images: asked.length, failed: asked.length - rows.length });
  await answerForBad(ctx, all, bad);
  const where = lacking.length === 0 ? there : await locateRows(store);
  const devices = new Set<string>();
  const entries = new Set<EntryName>();
  for (const row of rows) {
    const place = where.get(rowName(row));
    if (place === undefined)
      throw new CacheError(`the cache has lost the row of ${row.file}; run the same command again`);
    entries.add(place.entry);
    devices.add(place.device);
  }
  for (const entry of entries) store.lean(entry);
  ctx.metric({ devices: [...devices].sort() });
  const manifest: FeaturesManifest = {
    store: store.id,
    dtype: params.dtype,
    shape: [extractor.rowLength],
    network,
    layer,
    weights,
    pool: params.pool,
    preprocessing,
    runtime: params.runtime,
    precision: params.precision,
    decoding: DECODING,
  };
  await writeIndex(ctx.output("features"), rows);
  await writeManifest(ctx.output("features"), manifest);
}
