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
import type { Account, Spent } from "./spent.ts";
import type { ViewedImage } from "./views.ts";

export interface ComputeOptions {
  readonly ctx: Pick<ExtractContext, "params" | "signal">;
  readonly store: Store;
  readonly extractor: Omit<PlannedExtractor, "program">;
  openReader(): PixelReader;
  /** Which layer is the first to give what is not finite for a picture's pixels. */
  blame(pixels: Uint8Array): Promise<string | undefined>;
  /** Where the pictures lie. */
  readonly place: ImagesPlace;
  readonly preprocessing: Preprocessing;
  readonly batchSize: number;
  /** How many pictures there may be. */
  readonly most: number;
  /** How many pictures are done, those that cannot be read among them. */
  tell(done: number): void;
}

/** Pictures that are being decoded. */
export interface PicturesToCompute {
  readonly images: readonly ViewedImage[];
  readonly batches: AsyncGenerator<Batch>;
}

export interface ComputedRows {
  /** Pictures that cannot be read. */
  readonly failures: readonly Failure[];
  /** When the rows of all others are in the store. */
  readonly written: Promise<void>;
}

/** Computes rows and publishes them in segments. The runtime is opened when the first is wanted. */
export interface RowComputer {
  /** Begins to decode pictures. */
  read(images: readonly ViewedImage[]): PicturesToCompute;
  /**
   * @param nearEnd called when the last pictures have been decoded, or are about to be.
   * @throws StepError where a row is not finite, naming image and layer. Rows that are good are kept.
   */
  compute(pictures: PicturesToCompute, nearEnd?: () => void): Promise<ComputedRows>;
  /** What it came to so far. */
  account(): Account;
  close(): Promise<void>;
}

/** What may be decoded ahead, in pictures: then it is time for the next. */
const NEAR_END = 128;

export function openRowComputer(options: ComputeOptions): RowComputer {
  const { ctx, store, extractor: planned, place, preprocessing } = options;
  const length = preprocessing.size[0] * preprocessing.size[1] * 3;
  const spent = { waiting: 0, network: 0, writing: 0 };
  let [computed, failed, seconds] = [0, 0, 0];
  let reader: PixelReader | undefined;
  let opened: { readonly extractor: Extractor; readonly segment: Segment } | undefined;
  /** Pictures in hand, by the names of their rows. */
  let byName: ReadonlyMap<string, ViewedImage> = new Map();
  const open = async (): Promise<NonNullable<typeof opened>> => {
    const extractor = await planned.open();
    const { rowLength, device } = extractor;
    const segment = newSegment(store, {
      ...{ rowLength, device, dtype: ctx.params.dtype, decoding: DECODING },
      capacity: Math.min(options.most, segmentRows(rowLength)),
      nameOf: (row) => imagePath(byName.get(row) as ViewedImage),
    });
    return { extractor, segment };
  };

  const computeAll = async (
    { extractor, segment }: NonNullable<typeof opened>,
    { images, batches }: PicturesToCompute,
    nearEnd: () => void,
  ): Promise<readonly Failure[]> => {
    byName = new Map(images.map((image) => [rowName(image), image]));
    const failures: Failure[] = [];
    let left = images.length;
    options.tell(computed + failed);
    for (;;) {
      if (left <= NEAR_END) nearEnd();
      const next = await timed(spent, "waiting", () => batches.next());
      if (next.done) return failures;
      const batch = next.value;
      ctx.signal.throwIfAborted();
      left -= batch.images.length + batch.failures.length;
      failures.push(...batch.failures);
      failed += batch.failures.length;
      const digests = batch.images.map(rowName);
      const before = spent.network;
      const since = performance.now();
      await segment.add(digests, async (into) => {
        await timed(spent, "network", () => extractor.run(batch.pixels, digests.length, into));
        const bad = firstNotFinite(into);
        if (bad !== undefined) await refuseRow(options, batch, Math.floor(bad / extractor.rowLength));
      });
      spent.writing += (performance.now() - since) / 1000 - (spent.network - before);
      computed += digests.length;
      options.tell(computed + failed);
      await breathe(segment, spent.network - before);
    }
  };
  return {
    read(images) {
      reader ??= options.openReader();
      const batchSize = Math.min(options.batchSize, mostRows(planned.rowLength));
      return { images, batches: batchesOf(images, { reader, place, length, batchSize }) };
    },
    async compute(pictures, nearEnd = () => {}) {
      if (pictures.images.length === 0) return { failures: [], written: Promise.resolve() };
      // Pictures are decoded while the runtime is opened.
      opened ??= await open();
      const { segment } = opened;
      const started = performance.now();
      try {
        const failures = await computeAll(opened, pictures, nearEnd);
        return { failures, ...(await timed(spent, "writing", () => segment.flush())) };
      } catch (error) {
        // What was computed is kept.
        await segment.finish();
        throw error;
      } finally {
        seconds += (performance.now() - started) / 1000;
      }
    },
    account() {
      const { reading, decoding } = reader?.seconds() ?? { reading: 0, decoding: 0 };
      const device = opened === undefined ? {} : { device: opened.extractor.device };
      return { computed, failed, seconds, ...spent, reading, decoding, ...device };
    },
    async close() {
      await opened?.extractor.close();
      await reader?.close();
    },
  };
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
