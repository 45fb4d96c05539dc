import { StepError } from "../../../engine/step-type.ts";
import type { ReadonlyStore } from "../../../engine/store.ts";
import { type FeatureRow, readIndex, rowName } from "../tables/features.ts";
import { type FeaturesManifest, readManifest } from "../tables/manifest.ts";
import { locateRows, type RowPlace, type RowPlaces } from "./locate.ts";
import { openStoredRows } from "./stored-rows.ts";

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
  const rows = openStoredRows(rowLength);
  return {
    manifest,
    rowLength,
    index,
    classes: classNames(index),
    read: (positions, into) =>
      rows.read(
        positions.map((position) => locationOf(index, where, position)),
        into,
      ),
    close: () => rows.close(),
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
