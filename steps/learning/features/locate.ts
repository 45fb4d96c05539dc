import { isObject, type JsonObject } from "../../../engine/json.ts";
import type { Condenser, EntryName, ReadonlyStore } from "../../../engine/store.ts";
import { BYTES, digestTable, writeDigest } from "./digest-table.ts";

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

/**
 * Every row of a store. Where an image has two, that of the latest decoding
 * counts; of these, the one in the first entry in code-unit order. Takes about
 * 45 bytes a row, 45 MB for a million.
 */
export async function locateRows(store: ReadonlyStore): Promise<RowPlaces> {
  const entries = await store.condensed(condenser);
  const table = digestTable(entries.reduce((sum, { bytes }) => sum + bytes.length / BYTES, 0));
  const segments: LocatedSegment[] = [];
  let first = 0;
  for (const { note, bytes, ...entry } of entries) {
    const { decoding, device } = note as unknown as Pick<RowPlace, "decoding" | "device">;
    segments.push({ entry, decoding, device, first });
    table.copy(bytes, first);
    const end = first + bytes.length / BYTES;
    for (let row = first; row < end; row++) {
      const known = table.add(row);
      if (known !== row && segmentOf(segments, known).decoding < decoding) table.replace(row);
    }
    first = end;
  }
  return {
    size: table.size(),
    has: (digest) => table.find(digest) >= 0,
    get(digest) {
      const row = table.find(digest);
      if (row < 0) return undefined;
      const { first, ...segment } = segmentOf(segments, row);
      return { ...segment, row: row - first };
    },
  };
}

interface LocatedSegment extends Omit<RowPlace, "row"> {
  /** Number of its first row among those of all segments. */
  readonly first: number;
}

/** The last segment that begins at or before a row. */
function segmentOf(segments: readonly LocatedSegment[], row: number): LocatedSegment {
  let low = 0;
  for (let high = segments.length; high - low > 1; ) {
    const middle = (low + high) >>> 1;
    if ((segments[middle] as LocatedSegment).first <= row) low = middle;
    else high = middle;
  }
  return segments[low] as LocatedSegment;
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
    const bytes = Buffer.alloc(digests.length * BYTES);
    digests.forEach((digest, row) => {
      writeDigest(digest, bytes, row * BYTES);
    });
    return { note: { decoding, device }, bytes };
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
