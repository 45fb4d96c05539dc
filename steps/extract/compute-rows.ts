import { StepError } from "../../engine/step-type.ts";
import type { Store } from "../../engine/store.ts";
import { newSegment, type Segment } from "../learning/features/segments.ts";
import { rowName } from "../learning/tables/features.ts";
import { type ImagesPlace, imagePath } from "../learning/tables/images.ts";
import type { Extractor, PlannedExtractor } from "../vision/extractor.ts";
import { firstNotFinite } from "../vision/finite.ts";
import { DECODING } from "../vision/pixels/decoding.ts";
import type { PixelReader } from "../vision/pixels/reader.ts";
import type { Preprocessing } from "../vision/preprocessing.ts";
import { type Batch, batchesOf, type Failure } from "./batches.ts";
import type { ExtractContext } from "./declaration.ts";
import { mostRows, segmentRows } from "./limits.ts";
import { boundBy, round, type Spent } from "./spent.ts";
import type { ViewedImage } from "./views.ts";

export interface ComputeOptions {
  readonly ctx: ExtractContext;
  readonly store: Store;
  readonly extractor: Omit<PlannedExtractor, "program">;
  openReader(): PixelReader;
  /** Which layer is the first to give what is not finite for a picture's pixels. */
  blame(pixels: Uint8Array): Promise<string | undefined>;
  /** What is to be computed. */
  readonly images: readonly ViewedImage[];
  /** Where they lie. */
  readonly place: ImagesPlace;
  /** How many of `total` rows need no computing. */
  readonly present: number;
  readonly total: number;
  readonly preprocessing: Preprocessing;
  readonly batchSize: number;
}

/**
 * Computes rows and publishes them in segments; sets the metrics images,
 * computed, reused, failed, and where something was computed imagesPerSecond,
 * device, and where time went. Where there is nothing to compute no runtime is
 * opened.
 *
 * @returns the pictures that cannot be read.
 * @throws StepError where a row is not finite, naming image and layer. Rows that are good are kept.
 */
export async function computeRows(options: ComputeOptions): Promise<readonly Failure[]> {
  const { ctx, images, present, total } = options;
  if (images.length === 0) {
    ctx.progress({ done: present, total, unit: "images", reused: present });
    ctx.metric({ images: total, computed: 0, reused: present, failed: 0 });
    return [];
  }
  const reader = options.openReader();
  try {
    const { place, preprocessing, extractor: planned } = options;
    // Pictures are decoded while the runtime is opened.
    const batches = batchesOf(images, {
      ...{ reader, place, batchSize: Math.min(options.batchSize, mostRows(planned.rowLength)) },
      length: preprocessing.size[0] * preprocessing.size[1] * 3,
    });
    const capacity = Math.min(images.length, segmentRows(planned.rowLength));
    const extractor = await planned.open();
    try {
      return await computeWith(options, { extractor, reader, batches, capacity });
    } finally {
      await extractor.close();
    }
  } finally {
    await reader.close();
  }
}

interface Opened {
  readonly extractor: Extractor;
  readonly reader: PixelReader;
  readonly batches: AsyncGenerator<Batch>;
  /** Rows that a segment holds at most. */
  readonly capacity: number;
}

async function computeWith(
  options: ComputeOptions,
  { extractor, reader, batches, capacity }: Opened,
): Promise<readonly Failure[]> {
  const { ctx, store, images, present, total } = options;
  const { rowLength, device } = extractor;
  const segment = newSegment(store, {
    ...{ rowLength, device, capacity, dtype: ctx.params.dtype, decoding: DECODING },
    nameOf: (row) => imagePath(images.find((image) => rowName(image) === row) as ViewedImage),
  });
  const failures: Failure[] = [];
  const spent = { waiting: 0, network: 0, writing: 0 };
  let computed = 0;
  const started = performance.now();
  const tell = (): void =>
    ctx.progress({ done: present + computed + failures.length, total, unit: "images", reused: present });
  tell();
  try {
    for (;;) {
      const next = await timed(spent, "waiting", () => batches.next());
      if (next.done) break;
      const batch = next.value;
      ctx.signal.throwIfAborted();
      failures.push(...batch.failures);
      const digests = batch.images.map(rowName);
      const before = spent.network;
      const since = performance.now();
      await segment.add(digests, async (into) => {
        await timed(spent, "network", () => extractor.run(batch.pixels, digests.length, into));
        const bad = firstNotFinite(into);
        if (bad !== undefined) await refuseRow(options, batch, Math.floor(bad / rowLength));
      });
      spent.writing += (performance.now() - since) / 1000 - (spent.network - before);
      computed += digests.length;
      tell();
      await breathe(segment, spent.network - before);
    }
  } finally {
    await timed(spent, "writing", () => segment.finish());
    const seconds = (performance.now() - started) / 1000;
    ctx.metric({ images: total, computed, reused: present, failed: failures.length, device });
    if (computed > 0) {
      const { reading, decoding } = reader.seconds();
      ctx.metric({
        imagesPerSecond: Number((computed / seconds).toFixed(2)),
        readSeconds: round(reading),
        decodeSeconds: round(decoding),
        networkSeconds: round(spent.network),
        writeSeconds: round(spent.writing),
        boundBy: boundBy({ ...spent, reading, decoding }),
      });
    }
  }
  return failures;
}

/**
 * A runtime blocks this thread. What was begun beside it, the writing of a
 * segment, takes many short turns: it gets them here, for a hundredth of the time
 * that the batch took.
 */
async function breathe(segment: Segment, seconds: number): Promise<void> {
  const until = performance.now() + 10 * seconds;
  while (segment.isWriting() && performance.now() < until) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

type Kind = Exclude<keyof Spent, "reading" | "decoding">;

async function timed<Value>(
  spent: Record<Kind, number>,
  on: Kind,
  work: () => Promise<Value>,
): Promise<Value> {
  const started = performance.now();
  try {
    return await work();
  } finally {
    spent[on] += (performance.now() - started) / 1000;
  }
}

/** A head cannot learn from NaN, and would blame its learning rate. */
async function refuseRow(
  { blame, preprocessing: { size } }: ComputeOptions,
  batch: Batch,
  row: number,
): Promise<never> {
  const picture = size[0] * size[1] * 3;
  const layer = await blame(batch.pixels.slice(row * picture, (row + 1) * picture));
  const where = layer === undefined ? "" : `, first at layer ${layer}`;
  throw new StepError(
    `the network gives values that are not finite (NaN or infinity) for ${imagePath(batch.images[row] as ViewedImage)}${where}; the scaling of its pixels, or its weights, may be another network's`,
  );
}
