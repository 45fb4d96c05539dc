import { ImageError } from "../vision/pixels/image-error.ts";
import type { PixelReader } from "../vision/pixels/reader.ts";
import type { View } from "../vision/pixels/view.ts";

export interface ImageToCompute {
  /** Of the file's bytes. */
  readonly digest: string;
  /** Absolute path. */
  readonly file: string;
  /** What people know it by. */
  readonly name: string;
  /** How it is seen, and what that is called; absent where it is seen as it is. */
  readonly view?: string;
  readonly seen?: View;
  /** Whether the file lies where others can change it. */
  readonly isForeign?: boolean;
}

/** Pictures as pixels, without those that cannot be read. */
export interface Batch {
  readonly images: readonly ImageToCompute[];
  /** uint8, images × height × width × 3. */
  readonly pixels: Uint8Array;
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly image: ImageToCompute;
  /** On one line. */
  readonly reason: string;
}

export interface BatchOptions {
  readonly reader: PixelReader;
  readonly batchSize: number;
  /** Height × width × 3. */
  readonly length: number;
}

/** Pixels that wait for the network take no more than this, but for one batch. */
const AHEAD_BYTES = 64 << 20;

/**
 * Pictures as pixels, a batch at a time. While one is computed the next are
 * asked for: a network that blocks this thread finds them ready.
 */
export async function* batchesOf(
  images: readonly ImageToCompute[],
  { reader, batchSize, length }: BatchOptions,
): AsyncGenerator<Batch> {
  const ahead = Math.max(1, Math.min(3, Math.floor(AHEAD_BYTES / (batchSize * length))));
  const asked: Promise<Batch>[] = [];
  let next = 0;
  const ask = (): void => {
    for (; asked.length <= ahead && next < images.length; next += batchSize) {
      const batch = readBatch(images.slice(next, next + batchSize), reader, length);
      // Whoever stops early must not leave a batch behind that fails with nobody to hear it.
      batch.catch(() => {});
      asked.push(batch);
    }
  };
  ask();
  for (let batch = asked.shift(); batch !== undefined; batch = asked.shift()) {
    ask();
    yield await batch;
  }
}

async function readBatch(
  images: readonly ImageToCompute[],
  reader: PixelReader,
  length: number,
): Promise<Batch> {
  const found = await Promise.all(images.map((image) => readImage(image, reader)));
  const read = found.flatMap((one) => (one.kind === "read" ? [one] : []));
  const pixels = new Uint8Array(read.length * length);
  for (const [at, one] of read.entries()) pixels.set(one.pixels, at * length);
  return {
    images: read.map(({ image }) => image),
    pixels,
    failures: found.flatMap((one) => (one.kind === "failed" ? [one] : [])),
  };
}

type Found =
  | { readonly kind: "read"; readonly image: ImageToCompute; readonly pixels: Uint8Array }
  | ({ readonly kind: "failed" } & Failure);

async function readImage(image: ImageToCompute, reader: PixelReader): Promise<Found> {
  const { file, digest, seen, isForeign = false } = image;
  try {
    const pixels = await reader.read({
      file,
      ...(isForeign ? { digest } : {}),
      ...(seen === undefined ? {} : { view: seen }),
    });
    return { kind: "read", image, pixels };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { kind: "failed", image, reason: error.reason };
  }
}
