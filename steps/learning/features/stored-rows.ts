import { concurrently } from "../../../engine/concurrently.ts";
import type { EntryName } from "../../../engine/store.ts";
import type { RowPlace } from "./locate.ts";
import { openFiles } from "./open-files.ts";
import { openSegment, type SegmentRows } from "./segment.ts";
import { spareMemory } from "./spare-memory.ts";

/** Of a million rows there are thousands of segments. */
const OPEN_FILES = 256;
/** Runs of rows that are read at a time, of two files each. */
const READS = 64;
/** Of rows that are read at once, as float32: more than one run is read at a time, and unpacked while others are read. */
const RUN_BYTES = 1 << 20;
const SPARE_BYTES = 16 << 20;

/** Rows that lie in a store. */
export interface StoredRows {
  /** Reads rows, one after the other, into float32 memory of places × row length. */
  read(places: readonly RowPlace[], into: Float32Array): Promise<void>;
  close(): Promise<void>;
}

export function openStoredRows(rowLength: number): StoredRows {
  const files = openFiles(OPEN_FILES);
  const memory = spareMemory(SPARE_BYTES);
  const segments = new Map<string, Promise<SegmentRows>>();
  const segment = ({ name, path }: EntryName): Promise<SegmentRows> => {
    const known = segments.get(name) ?? openSegment(path, { width: rowLength, open: files, memory });
    segments.set(name, known);
    return known;
  };
  return {
    async read(places, into) {
      const runs = runsOf(places, Math.max(1, Math.floor(RUN_BYTES / (rowLength * 4))));
      // Many at once: they are read while whoever asked computes, which blocks this thread.
      await concurrently(runs, READS, async ({ entry, first, count, at }) => {
        const rows = await segment(entry);
        await rows.read(first, count, into.subarray(at * rowLength, (at + count) * rowLength));
      });
    },
    close: () => files.close(),
  };
}

interface Run {
  readonly entry: EntryName;
  readonly first: number;
  count: number;
  /** Position of the first row in the request. */
  readonly at: number;
}

/** Neighbours on disk that are neighbours in the request are read at once, a few of them. */
function runsOf(places: readonly RowPlace[], longest: number): Run[] {
  const runs: Run[] = [];
  places.forEach(({ entry, row }, at) => {
    const last = runs.at(-1);
    const isNext = last && last.entry.name === entry.name && last.first + last.count === row;
    if (isNext && last.count < longest) last.count++;
    else runs.push({ entry, first: row, count: 1, at });
  });
  return runs;
}
