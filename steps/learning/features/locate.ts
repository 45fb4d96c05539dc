import { createHash } from "node:crypto";
import { isObject, type JsonObject } from "../../../engine/json.ts";
import type { Condenser, EntryName, ReadonlyStore } from "../../../engine/step-type.ts";

/**
 * Which row of a store is whose. A store entry says in its description the
 * digest of the image of each of its rows; a row is found by it, in whatever
 * segment it was computed.
 */
export interface RowPlaces {
  /** How many images have a row. */
  readonly size: number;
  has(digest: string): boolean;
  get(digest: string): RowPlace | undefined;
}

/** Where a row lies. */
export interface RowPlace {
  /** The same object for all rows of an entry. */
  readonly entry: EntryName;
  readonly row: number;
  /** By which way of reading pictures it was computed; a later one has a higher number. */
  readonly decoding: number;
  /** What computed it. */
  readonly device: string;
}

/** Bytes that a digest takes. */
const SIZE = 32;

/**
 * Every row of a store. Where an image has two, that of the latest decoding
 * counts; of these, the one in the first entry in code-unit order. About 45
 * bytes a row: a million of them are 45 MB.
 */
export async function locateRows(store: ReadonlyStore): Promise<RowPlaces> {
  const segments: LocatedSegment[] = [];
  let rows = 0;
  for (const { note, bytes, ...entry } of await store.condensed(condenser)) {
    const { decoding, device } = note as unknown as Pick<RowPlace, "decoding" | "device">;
    segments.push({ entry, decoding, device, first: rows, digests: bytes });
    rows += bytes.length / SIZE;
  }
  // By an even number of its bits, a digest has a slot; the next free one where that is taken.
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * rows + 2))).fill(-1);
  const slotOf = (digest: Buffer): number => digest.readUInt32LE(0) & (slots.length - 1);
  const segmentOf = (row: number): LocatedSegment => segments[lastAtMost(segments, row)] as LocatedSegment;
  /** The slot of a digest, or the free one where it would be. */
  const find = (digest: Buffer): number => {
    let slot = slotOf(digest);
    for (; ; slot = (slot + 1) & (slots.length - 1)) {
      const row = slots[slot] as number;
      if (row < 0) return slot;
      const { digests, first } = segmentOf(row);
      const at = (row - first) * SIZE;
      if (digest.compare(digests, at, at + SIZE) === 0) return slot;
    }
  };
  let size = 0;
  for (const segment of segments) {
    const digests = Buffer.from(segment.digests.buffer, segment.digests.byteOffset, segment.digests.length);
    for (let at = 0; at < digests.length; at += SIZE) {
      const slot = find(digests.subarray(at, at + SIZE));
      const known = slots[slot] as number;
      if (known < 0) size++;
      if (known < 0 || segmentOf(known).decoding < segment.decoding) slots[slot] = segment.first + at / SIZE;
    }
  }
  const get = (digest: string): RowPlace | undefined => {
    const row = slots[find(binary(digest))] as number;
    if (row < 0) return undefined;
    const { entry, first, decoding, device } = segmentOf(row);
    return { entry, row: row - first, decoding, device };
  };
  return { size, get, has: (digest) => (slots[find(binary(digest))] as number) >= 0 };
}

interface LocatedSegment extends Omit<RowPlace, "row"> {
  /** Number of its first row among those of all segments. */
  readonly first: number;
  readonly digests: Uint8Array;
}

/** The segment that a row is in: the last that begins at or before it. */
function lastAtMost(segments: readonly LocatedSegment[], row: number): number {
  let low = 0;
  for (let high = segments.length; high - low > 1; ) {
    const middle = (low + high) >>> 1;
    if ((segments[middle] as LocatedSegment).first <= row) low = middle;
    else high = middle;
  }
  return low;
}

/** What a segment says of itself. */
export function describeSegment({ digests, decoding, device }: Segment): JsonObject {
  return { digests, decoding, device };
}

interface Segment extends Pick<RowPlace, "decoding" | "device"> {
  /** Of the image of each row. */
  readonly digests: readonly string[];
}

/** What is needed of a segment's description: the digests as bytes. */
const condenser: Condenser = {
  kind: "rows",
  condense(about) {
    const { digests, decoding, device } = readAbout(about);
    return { note: { decoding, device }, bytes: Buffer.concat(digests.map(binary)) };
  },
};

/** The first segments named neither their decoding nor the device, which was the CPU. */
function readAbout(about: JsonObject): Segment {
  const { digests, decoding, device } = isObject(about) ? about : {};
  return {
    digests: Array.isArray(digests) ? (digests as readonly string[]) : [],
    decoding: typeof decoding === "number" ? decoding : 1,
    device: typeof device === "string" ? device : "cpu",
  };
}

function binary(digest: string): Buffer {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  return hex === undefined ? createHash("sha256").update(digest).digest() : Buffer.from(hex, "hex");
}
