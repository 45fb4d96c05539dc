import type { LookedAt } from "./looked-at.ts";

/** Pictures of a batch that are to be computed. */
interface Fresh {
  /** Of pictures that were read, each once. */
  readonly digests: readonly string[];
  /** uint8, digests × height × width × 3. */
  readonly pixels: Uint8Array;
  /** Why others cannot be read, by digest. */
  readonly reasons: ReadonlyMap<string, string>;
}

/** What was read of pictures that are to be computed. */
export async function readFresh(
  pictures: readonly LookedAt[],
  isAnswered: (digest: string) => boolean,
): Promise<Fresh> {
  const read = new Map<string, Uint8Array>();
  const reasons = new Map<string, string>();
  for (const picture of pictures) {
    if (picture.kind !== "new" || isAnswered(picture.digest)) continue;
    const found = await picture.pixels;
    if (found.kind === "read") read.set(picture.digest, found.pixels);
    else reasons.set(picture.digest, found.reason);
  }
  const digests = [...read.keys()].filter((digest) => !reasons.has(digest));
  const length = digests.length === 0 ? 0 : (read.get(digests[0] as string) as Uint8Array).length;
  const pixels = new Uint8Array(digests.length * length);
  for (const [at, digest] of digests.entries()) pixels.set(read.get(digest) as Uint8Array, at * length);
  return { digests, pixels, reasons };
}
