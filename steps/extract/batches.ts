import { type ImagesPlace, imageFile } from "../learning/tables/images.ts";
import { ImageError } from "../vision/pixels/image-error.ts";
import type { PixelReader } from "../vision/pixels/reader.ts";
import { batchesAhead } from "./limits.ts";
import type { ViewedImage } from "./views.ts";

/** Pictures as pixels, without those that cannot be read. */
export interface Batch {
  readonly images: readonly ViewedImage[];
  /** uint8, images × height × width × 3. */
  readonly pixels: Uint8Array;
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly image: ViewedImage;
  /** On one line. */
  readonly reason: string;
}

export interface BatchOptions {
  /** Where the pictures lie. */
  readonly place: ImagesPlace;
  readonly reader: PixelReader;
  readonly batchSize: number;
  /** Height × width × 3. */
  readonly length: number;
}

/**
 * Pictures as pixels, a batch at a time. The first are asked for at once, the next
 * while one is computed: a network that blocks this thread finds them ready.
 */
export function batchesOf(images: readonly ViewedImage[], options: BatchOptions): AsyncGenerator<Batch> {
  const { batchSize, length } = options;
  const ahead = batchesAhead(batchSize, length);
  const asked: Promise<Batch>[] = [];
  let next = 0;
  const ask = (): void => {
    for (; asked.length <= ahead && next < images.length; next += batchSize) {
      const batch = readBatch(images.slice(next, next + batchSize), options);
      // Whoever stops early must not leave a batch behind that fails with nobody to hear it.
      batch.catch(() => {});
      asked.push(batch);
    }
  };
  ask();
  return (async function* () {
    for (let batch = asked.shift(); batch !== undefined; batch = asked.shift()) {
      ask();
      yield await batch;
    }
  })();
}

async function readBatch(images: readonly ViewedImage[], options: BatchOptions): Promise<Batch> {
  const { length } = options;
  const found = await Promise.all(images.map((image) => readImage(image, options)));
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
  | { readonly kind: "read"; readonly image: ViewedImage; readonly pixels: Uint8Array }
  | ({ readonly kind: "failed" } & Failure);

async function readImage(image: ViewedImage, { reader, place }: BatchOptions): Promise<Found> {
  const { path, digest, seen } = image;
  try {
    const pixels = await reader.read({
      file: imageFile(place, image),
      // Where it was left in its source others can change it.
      ...(path === undefined ? {} : { digest }),
      ...(seen === undefined ? {} : { view: seen }),
    });
    return { kind: "read", image, pixels };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { kind: "failed", image, reason: error.reason };
  }
}
