import type { Rows } from "../method.ts";
import type { Numbers } from "./group.ts";

/**
 * Columns that are multiplied at a time; what they come to is summed in float64.
 * A running sum over all columns of a wide row in float32 costs the losses three digits.
 */
const COLUMNS = 4096;
/** Rows that are read at a time. */
const READ = 32;

/** A part of the columns, row-major. Rows that are not there are zero. */
export interface Strip<N extends Numbers = Float32Array> {
  readonly values: N;
  readonly first: number;
  readonly width: number;
}

/** Rows in memory, by strips of their columns. */
export interface RowStrips {
  /** Of all rows. */
  readonly all: readonly Strip[];
  /** Of so many rows from one on. */
  part(from: number, count: number): readonly Strip[];
  /** Reads rows into the places from `from` on; where there is no position, the row is zero. */
  read(positions: readonly (number | undefined)[], from: number): Promise<void>;
}

/** @param capacity how many rows there are places for. */
export function openStrips(rows: Rows, capacity: number): RowStrips {
  const { rowLength } = rows;
  const all = Array.from({ length: Math.ceil(rowLength / COLUMNS) }, (_, at): Strip => {
    const width = Math.min(COLUMNS, rowLength - at * COLUMNS);
    return { first: at * COLUMNS, width, values: new Float32Array(capacity * width) };
  });
  const staged = new Float32Array(READ * rowLength);
  return {
    all,
    part: (from, count) =>
      all.map(({ first, width, values }) => ({
        first,
        width,
        values: values.subarray(from * width, (from + count) * width),
      })),
    async read(positions, from) {
      for (let at = 0; at < positions.length; at += READ) {
        const some = positions.slice(at, at + READ);
        const there = some.filter((position) => position !== undefined);
        if (there.length > 0) await rows.read(there, staged);
        scatter(staged, { there: some, from: from + at, rowLength }, all);
      }
    },
  };
}

/** How many numbers rows take, with what it takes to read them. */
export function numbersOfStrips(rowLength: number, capacity: number): number {
  return (capacity + READ) * rowLength;
}

interface Placed {
  readonly there: readonly (number | undefined)[];
  /** The place of the first. */
  readonly from: number;
  readonly rowLength: number;
}

/** From rows one after the other to their places in the strips. */
function scatter(rows: Float32Array, { there, from, rowLength }: Placed, strips: readonly Strip[]): void {
  for (const { values, first, width } of strips) {
    let row = 0;
    for (const [at, position] of there.entries()) {
      const to = (from + at) * width;
      if (position === undefined) {
        values.fill(0, to, to + width);
        continue;
      }
      const start = row * rowLength + first;
      values.set(rows.subarray(start, start + width), to);
      row++;
    }
  }
}
