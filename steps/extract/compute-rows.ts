import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { concurrently } from "../../engine/concurrently.ts";
import { StepError, type Store } from "../../engine/step-type.ts";
import { writeNpy } from "../learning/features/npy.ts";
import { describeSegment, segmentFile } from "../learning/features/rows.ts";
import { rowName } from "../learning/tables/features.ts";
import type { Extractor, PlannedExtractor } from "../vision/extractor.ts";
import { firstNotFinite } from "../vision/finite.ts";
import { DECODING } from "../vision/pixels/decoding.ts";
import { ImageError, readPixels } from "../vision/pixels/pixels.ts";
import type { View } from "../vision/pixels/view.ts";
import type { Preprocessing } from "../vision/preprocessing.ts";
import type { ExtractContext } from "./declaration.ts";

export interface ComputeOptions {
  readonly ctx: ExtractContext;
  readonly store: Store;
  readonly extractor: PlannedExtractor;
  /** Which layer is the first to give what is not finite for a picture's pixels. */
  blame(pixels: Uint8Array): Promise<string | undefined>;
  /** What is to be computed. */
  readonly images: readonly ImageToCompute[];
  /** How many of `total` rows need no computing. */
  readonly present: number;
  readonly total: number;
  readonly preprocessing: Preprocessing;
  readonly batchSize: number;
}

export interface ImageToCompute {
  /** Of the file's bytes. */
  readonly digest: string;
  /** Absolute path. */
  readonly file: string;
  /** What people know it by. */
  readonly name: string;
  /** How it is to be seen, and what that is called; absent: as it is. */
  readonly view?: string;
  readonly seen?: View;
}

const SEGMENT_ROWS = 256;
/** A row can be wide: of ResNet-50's first layer it takes 3 MB. */
const SEGMENT_BYTES = 64 * 2 ** 20;
/** A segment is published after a few seconds: that is all a crash can cost. */
const SEGMENT_MS = 3_000;

/**
 * Computes rows and publishes them in segments; sets the metrics images,
 * computed, reused, failed, and where something was computed imagesPerSecond
 * and device. Where there is nothing to compute no runtime is opened.
 *
 * @throws StepError where a row is not finite, naming image and layer; at the
 * end, naming every image that cannot be read. Rows that are good are kept.
 */
export async function computeRows(options: ComputeOptions): Promise<void> {
  const { ctx, images, present, total } = options;
  if (images.length === 0) {
    ctx.progress({ done: present, total, unit: "images", reused: present });
    ctx.metric({ images: total, computed: 0, reused: present, failed: 0 });
    return;
  }
  const extractor = await options.extractor.open();
  try {
    await computeWith(extractor, options);
  } finally {
    await extractor.close();
  }
}

async function computeWith(extractor: Extractor, options: ComputeOptions): Promise<void> {
  const { ctx, store, images, present, total, preprocessing } = options;
  const rowsOfMemory = Math.max(1, Math.floor(SEGMENT_BYTES / (extractor.rowLength * 4)));
  const capacity = Math.min(SEGMENT_ROWS, images.length, rowsOfMemory);
  const batchSize = Math.min(options.batchSize, rowsOfMemory);
  const segment = newSegment(store, extractor, capacity);
  const failures: Failure[] = [];
  let computed = 0;
  const started = performance.now();
  const tell = (): void =>
    ctx.progress({ done: present + computed + failures.length, total, unit: "images", reused: present });
  tell();
  try {
    for await (const batch of decoded(images, preprocessing, batchSize)) {
      ctx.signal.throwIfAborted();
      failures.push(...batch.failures);
      await segment.add(batch.digests, async (into) => {
        await extractor.run(batch.pixels, batch.digests.length, into);
        const bad = firstNotFinite(into);
        if (bad !== undefined) await refuseRow(options, batch, Math.floor(bad / extractor.rowLength));
      });
      computed += batch.digests.length;
      tell();
    }
  } finally {
    await segment.publish();
    const seconds = (performance.now() - started) / 1000;
    ctx.metric({ images: total, computed, reused: present, failed: failures.length });
    if (computed > 0) ctx.metric({ imagesPerSecond: Number((computed / seconds).toFixed(2)) });
    ctx.metric({ device: extractor.device });
  }
  if (failures.length > 0) {
    // An image that cannot be read fails in each of its views.
    const lines = new Map(failures.map(({ name, reason }) => [name, `${name}: ${reason}`]));
    const what = lines.size === 1 ? "an image" : `${lines.size} images`;
    throw new StepError(
      `${what} cannot be read; the features of all others are kept:\n${[...lines.values()].join("\n")}`,
    );
  }
}

/** A head cannot learn from NaN, and would blame its learning rate. */
async function refuseRow(
  { images, blame, preprocessing: { size } }: ComputeOptions,
  batch: DecodedBatch,
  row: number,
): Promise<never> {
  const picture = size[0] * size[1] * 3;
  const layer = await blame(batch.pixels.slice(row * picture, (row + 1) * picture));
  const name = images.find((image) => rowName(image) === batch.digests[row])?.name;
  const where = layer === undefined ? "" : `, first at layer ${layer}`;
  throw new StepError(
    `the network gives values that are not finite (NaN or infinity) for ${name}${where}; the scaling of its pixels, or its weights, may be another network's`,
  );
}

interface DecodedBatch {
  readonly digests: readonly string[];
  /** digests × height × width × 3, without those that failed. */
  readonly pixels: Uint8Array;
  readonly failures: readonly Failure[];
}

interface Failure {
  readonly name: string;
  readonly reason: string;
}

/** Images as pixels, a batch at a time; the next batch is decoded while the one in hand is computed. */
async function* decoded(
  images: ComputeOptions["images"],
  preprocessing: Preprocessing,
  batchSize: number,
): AsyncGenerator<DecodedBatch> {
  const load = (at: number): Promise<DecodedBatch> =>
    decodeBatch(images.slice(at, at + batchSize), preprocessing);
  let next: Promise<DecodedBatch> | undefined = images.length > 0 ? load(0) : undefined;
  try {
    for (let at = 0; next !== undefined; at += batchSize) {
      const batch: DecodedBatch = await next;
      next = at + batchSize < images.length ? load(at + batchSize) : undefined;
      yield batch;
    }
  } finally {
    // Whoever stops early must not leave a batch behind that fails with nobody to hear it.
    await next?.catch(() => {});
  }
}

async function decodeBatch(
  images: ComputeOptions["images"],
  preprocessing: Preprocessing,
): Promise<DecodedBatch> {
  const length = preprocessing.size[0] * preprocessing.size[1] * 3;
  const decodedImages: (Uint8Array | undefined)[] = [];
  const failures: (Failure | undefined)[] = [];
  // Few at a time: a picture is decoded at full size before it becomes small.
  await concurrently(images, availableParallelism(), async ({ file, name, seen }, at) => {
    const into = new Uint8Array(length);
    try {
      await readPixels(file, seen === undefined ? preprocessing : { ...preprocessing, view: seen }, into);
      decodedImages[at] = into;
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      failures[at] = { name, reason: error.reason };
    }
  });
  const good = images.flatMap((image, at) => {
    const pixels = decodedImages[at];
    return pixels === undefined ? [] : [{ digest: rowName(image), pixels }];
  });
  const pixels = new Uint8Array(good.length * length);
  good.forEach((image, at) => {
    pixels.set(image.pixels, at * length);
  });
  return {
    digests: good.map(({ digest }) => digest),
    pixels,
    failures: failures.filter((failure) => failure !== undefined),
  };
}

interface Segment {
  /** Appends rows that `compute` writes; publishes when the segment is full or old. */
  add(digests: readonly string[], compute: (into: Float32Array) => Promise<void>): Promise<void>;
  /** Publishes what is there, if anything. */
  publish(): Promise<void>;
}

function newSegment(store: Store, { rowLength, device }: Extractor, capacity: number): Segment {
  let rows = new Float32Array(0);
  let digests: string[] = [];
  let since = performance.now();
  const segment: Segment = {
    async add(more, compute) {
      if (more.length === 0) return;
      if (digests.length + more.length > capacity) await segment.publish();
      const needed = (digests.length + more.length) * rowLength;
      if (rows.length < needed) {
        const wider = new Float32Array(Math.max(needed, capacity * rowLength));
        wider.set(rows.subarray(0, digests.length * rowLength));
        rows = wider;
      }
      await compute(rows.subarray(digests.length * rowLength, needed));
      digests.push(...more);
      if (performance.now() - since >= SEGMENT_MS) await segment.publish();
    },
    async publish() {
      since = performance.now();
      if (digests.length === 0) return;
      const held = digests;
      digests = [];
      const name = createHash("sha256")
        .update([...held, DECODING].join("\n"))
        .digest("hex")
        .slice(0, 32);
      await store.publish(name, async (folder) => {
        const values = rows.subarray(0, held.length * rowLength);
        await writeNpy(join(folder, segmentFile), values, held.length, rowLength);
        return describeSegment({ digests: held, decoding: DECODING, device });
      });
      since = performance.now();
    },
  };
  return segment;
}
