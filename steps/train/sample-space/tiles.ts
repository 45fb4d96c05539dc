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

/** A part of the columns, row-major. Rows that are not there are zero. */
export interface Strip {
  readonly values: Float32Array;
  readonly first: number;
  readonly width: number;
}

/** Tiles with their rows in memory, as many as it may hold. */
export interface LoadedTiles {
  /** The strips of a tile, TILE rows each, read from disk where they are not in memory. Tiles in `needed` stay there. */
  strips(tile: Tile, needed: ReadonlySet<Tile>): Promise<readonly Strip[]>;
  /** Tiles that are in memory now, in the places that they have there; absent where there is none. */
  places(): readonly (Tile | undefined)[];
  /** The strips of all places, one tile's rows after the other's. */
  all(): readonly Strip[];
}

/** Bytes of a tile in memory. */
export function tileBytes(rowLength: number): number {
  return TILE * rowLength * 4;
}

/** @param most how many tiles memory may hold. */
export function loadedTiles(rows: Rows, most: number): LoadedTiles {
  const { rowLength } = rows;
  const places = new Array<Tile | undefined>(most).fill(undefined);
  const all = Array.from({ length: Math.ceil(rowLength / COLUMNS) }, (_, at): Strip => {
    const width = Math.min(COLUMNS, rowLength - at * COLUMNS);
    return { first: at * COLUMNS, width, values: new Float32Array(most * TILE * width) };
  });
  const staged = new Float32Array(READ * rowLength);
  const stripsAt = (place: number): readonly Strip[] =>
    all.map(({ values, ...strip }) => {
      const length = TILE * strip.width;
      return { ...strip, values: values.subarray(place * length, (place + 1) * length) };
    });
  const freePlace = (needed: ReadonlySet<Tile>): number => {
    const empty = places.indexOf(undefined);
    const place = empty >= 0 ? empty : places.findIndex((tile) => tile !== undefined && !needed.has(tile));
    if (place < 0) throw new Error(`more than ${most} tiles are needed at once`);
    return place;
  };
  return {
    places: () => places,
    all: () => all,
    async strips(tile, needed) {
      const known = places.indexOf(tile);
      if (known >= 0) return stripsAt(known);
      const place = freePlace(needed);
      // Until it is whole there is none.
      places[place] = undefined;
      const strips = stripsAt(place);
      for (let slot = 0; slot < TILE; slot += READ) {
        const there = tile.positions.slice(slot, slot + READ);
        const positions = there.filter((position) => position !== undefined);
        if (positions.length > 0) await rows.read(positions, staged);
        scatter(staged, { there, slot, rowLength }, strips);
      }
      places[place] = tile;
      return strips;
    },
  };
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
