import type { Rows } from "../method.ts";

/** Rows of a tile: products of tiles are of one shape, whatever is in them. */
export const TILE = 256;
/**
 * Columns that are multiplied at a time; what they come to is summed in float64.
 * A running sum over all columns of a wide row in float32 costs the losses three digits.
 */
const COLUMNS = 4096;
/** Rows that are read at a time. */
const READ = 32;

/** Up to TILE rows, which are multiplied together. */
export interface Tile {
  /** Positions in the index of the features, by slot; absent where the tile's row is not among them. */
  readonly positions: readonly (number | undefined)[];
}

/** A part of a tile's columns. */
export interface Strip {
  /** TILE × width, row-major. Rows that are not there are zero. */
  readonly values: Float32Array;
  readonly first: number;
  readonly width: number;
}

/** Tiles with their rows in memory, as many as it may hold. */
export interface LoadedTiles {
  /** The strips of a tile, read from disk where they are not in memory. Those in `needed` stay there. */
  strips(tile: Tile, needed: ReadonlySet<Tile>): Promise<readonly Strip[]>;
  has(tile: Tile): boolean;
}

/** Bytes of a tile in memory. */
export function tileBytes(rowLength: number): number {
  return TILE * rowLength * 4;
}

/** @param most how many tiles memory may hold. */
export function loadedTiles(rows: Rows, most: number): LoadedTiles {
  const { rowLength } = rows;
  const loaded = new Map<Tile, Float32Array>();
  const staged = new Float32Array(READ * rowLength);
  const free = (needed: ReadonlySet<Tile>): Float32Array => {
    if (loaded.size < most) return new Float32Array(TILE * rowLength);
    for (const [tile, memory] of loaded) {
      if (needed.has(tile)) continue;
      loaded.delete(tile);
      return memory;
    }
    throw new Error(`more than ${most} tiles are needed at once`);
  };
  return {
    has: (tile) => loaded.has(tile),
    async strips(tile, needed) {
      const known = loaded.get(tile);
      if (known !== undefined) return stripsOf(known, rowLength);
      const memory = free(needed);
      const strips = stripsOf(memory, rowLength);
      for (let slot = 0; slot < TILE; slot += READ) {
        const there = tile.positions.slice(slot, slot + READ);
        const positions = there.filter((position) => position !== undefined);
        if (positions.length > 0) await rows.read(positions, staged);
        scatter(staged, { there, slot, rowLength }, strips);
      }
      loaded.set(tile, memory);
      return strips;
    },
  };
}

function stripsOf(memory: Float32Array, rowLength: number): readonly Strip[] {
  return Array.from({ length: Math.ceil(rowLength / COLUMNS) }, (_, at) => {
    const first = at * COLUMNS;
    const width = Math.min(COLUMNS, rowLength - first);
    return { first, width, values: memory.subarray(TILE * first, TILE * (first + width)) };
  });
}

interface Placed {
  /** Of READ slots from `slot` on. */
  readonly there: readonly (number | undefined)[];
  readonly slot: number;
  readonly rowLength: number;
}

/** From rows one after the other to their places in the strips. */
function scatter(rows: Float32Array, { there, slot, rowLength }: Placed, strips: readonly Strip[]): void {
  for (const { values, first, width } of strips) {
    let row = 0;
    for (let at = 0; at < READ; at++) {
      const to = (slot + at) * width;
      if (there[at] === undefined) {
        values.fill(0, to, to + width);
        continue;
      }
      const from = row * rowLength + first;
      values.set(rows.subarray(from, from + width), to);
      row++;
    }
  }
}
