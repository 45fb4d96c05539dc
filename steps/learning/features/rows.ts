import { concurrently } from "../../../engine/concurrently.ts";
import { StepError } from "../../../engine/step-type.ts";
import type { EntryName, ReadonlyStore } from "../../../engine/store.ts";
import { type FeatureRow, readIndex, rowName } from "../tables/features.ts";
import { type FeaturesManifest, readManifest } from "../tables/manifest.ts";
import { locateRows, type RowPlace, type RowPlaces } from "./locate.ts";
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

/** Features as the steps downstream of extraction see them. */
export interface Features {
  readonly manifest: FeaturesManifest;
  readonly rowLength: number;
  /** In canonical order: split, class, file. */
  readonly index: readonly FeatureRow[];
  /** Class names by label. */
  readonly classes: readonly string[];
  /** Reads rows by their positions in `index`, one after the other, into float32 memory of positions × rowLength. */
  read(positions: readonly number[], into: Float32Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a features artifact; rows stay on disk.
 *
 * @throws StepError where a row or a segment is not there.
 */
export async function openFeatures(
  folder: string,
  openStore: (id: string) => ReadonlyStore,
): Promise<Features> {
  const manifest = readManifest(folder);
  const index = await readIndex(folder);
  const where = await locateRows(openStore(manifest.store));
  const lost = index.filter((row) => !where.has(rowName(row)));
  if (lost.length > 0) {
    throw new StepError(`the features of ${lost.length} images are not in the cache any more; run it again`);
  }
  const rowLength = manifest.shape[0];
  const files = openFiles(OPEN_FILES);
  const memory = spareMemory(SPARE_BYTES);
  const segments = new Map<string, Promise<SegmentRows>>();
  const segment = ({ name, path }: EntryName): Promise<SegmentRows> => {
    const known = segments.get(name) ?? openSegment(path, { width: rowLength, open: files, memory });
    segments.set(name, known);
    return known;
  };

  return {
    manifest,
    rowLength,
    index,
    classes: classNames(index),
    async read(positions, into) {
      const places = positions.map((position) => locationOf(index, where, position));
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

function classNames(index: readonly FeatureRow[]): readonly string[] {
  const names: string[] = [];
  for (const { label, class: name } of index) {
    if (names[label] !== undefined && names[label] !== name) {
      throw new StepError(`label ${label} stands for both ${names[label]} and ${name}`);
    }
    names[label] = name;
  }
  const gap = Array.from(names).indexOf(undefined as unknown as string);
  if (gap >= 0)
    throw new StepError(`no image has the label ${gap}, but one has the label ${names.length - 1}`);
  return names;
}

function locationOf(index: readonly FeatureRow[], where: RowPlaces, position: number): RowPlace {
  const place = where.get(rowName(index[position] as FeatureRow));
  if (place === undefined) throw new Error(`there is no row ${position}`);
  return place;
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
