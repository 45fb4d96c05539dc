import { join } from "node:path";
import { isObject, type JsonObject } from "../../../engine/json.ts";
import { type ReadonlyStore, StepError, type StoreEntry } from "../../../engine/step-type.ts";
import {
  type FeatureRow,
  type FeaturesManifest,
  readIndex,
  readManifest,
  rowName,
} from "../tables/features.ts";
import { type NpyFile, openNpy } from "./npy.ts";

/**
 * Feature rows on disk. A store entry is a segment: `rows.npy`, and in its
 * description the image digest of each row. A row is found by image digest, in
 * whatever segment it was computed.
 */
export const segmentFile = "rows.npy";

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
  const manifest = await readManifest(folder);
  const index = await readIndex(folder);
  const where = locateRows(await openStore(manifest.store).entries());
  const lost = index.filter((row) => !where.has(rowName(row)));
  if (lost.length > 0) {
    throw new StepError(`the features of ${lost.length} images are not in the cache any more; run it again`);
  }
  const rowLength = manifest.shape[0];
  const open = new Map<string, Promise<NpyFile>>();
  const segment = (entry: StoreEntry): Promise<NpyFile> => {
    const known = open.get(entry.name) ?? openSegment(entry, rowLength);
    open.set(entry.name, known);
    return known;
  };

  return {
    manifest,
    rowLength,
    index,
    classes: classNames(index),
    async read(positions, into) {
      const runs = runsOf(positions.map((position) => locationOf(index, where, position)));
      // All at once: they are read while whoever asked computes, which blocks this thread.
      await Promise.all(
        runs.map(async ({ entry, first, count, at }) => {
          const file = await segment(entry);
          await file.read(first, count, into, at * rowLength);
        }),
      );
    },
    async close() {
      for (const file of open.values()) await (await file).close();
      open.clear();
    },
  };
}

/** Where a row lies. */
export interface RowLocation {
  readonly entry: StoreEntry;
  readonly row: number;
  /** By which way of reading pictures it was computed; a later one has a higher number. */
  readonly decoding: number;
  /** What computed it. */
  readonly device: string;
}

/**
 * Every row of a store by image digest. Where one is twice, that of the latest
 * decoding counts; of these, the one in the first entry in code-unit order.
 */
export function locateRows(entries: readonly StoreEntry[]): Map<string, RowLocation> {
  const where = new Map<string, RowLocation>();
  for (const entry of entries) {
    const { digests, decoding, device } = readAbout(entry.about);
    digests.forEach((digest, row) => {
      const known = where.get(digest);
      if (known === undefined || known.decoding < decoding)
        where.set(digest, { entry, row, decoding, device });
    });
  }
  return where;
}

/** What a segment says of itself. */
export function describeSegment({ digests, decoding, device }: Segment): JsonObject {
  return { digests, decoding, device };
}

interface Segment extends Pick<RowLocation, "decoding" | "device"> {
  /** Of the image of each row. */
  readonly digests: readonly string[];
}

/** The first segments named neither their decoding nor the device, which was the CPU. */
function readAbout(about: JsonObject): Segment {
  const { digests, decoding, device } = isObject(about) ? about : {};
  return {
    digests: Array.isArray(digests) ? (digests as readonly string[]) : [],
    decoding: typeof decoding === "number" ? decoding : 1,
    device: typeof device === "string" ? device : "cpu",
  };
}

async function openSegment(entry: StoreEntry, rowLength: number): Promise<NpyFile> {
  const file = await openNpy(join(entry.path, segmentFile));
  if (file.columns === rowLength) return file;
  await file.close();
  throw new StepError(`${entry.path} holds rows of ${file.columns} values, not ${rowLength}`);
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

function locationOf(
  index: readonly FeatureRow[],
  where: ReadonlyMap<string, RowLocation>,
  position: number,
): RowLocation {
  const place = where.get(rowName(index[position] as FeatureRow));
  if (place === undefined) throw new Error(`there is no row ${position}`);
  return place;
}

interface Run {
  readonly entry: StoreEntry;
  readonly first: number;
  count: number;
  /** Position of the first row in the request. */
  readonly at: number;
}

/** Neighbours on disk that are neighbours in the request are read at once. */
function runsOf(places: readonly RowLocation[]): Run[] {
  const runs: Run[] = [];
  places.forEach(({ entry, row }, at) => {
    const last = runs.at(-1);
    if (last && last.entry.name === entry.name && last.first + last.count === row) last.count++;
    else runs.push({ entry, first: row, count: 1, at });
  });
  return runs;
}
