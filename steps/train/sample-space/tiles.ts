import type { Rows } from "../method.ts";
import { numbersOfStrips, openStrips, type RowStrips, type Strip } from "./strips.ts";

/** Rows of a tile: products of tiles are of one shape, whatever is in them. */
export const TILE = 256;

/** Tiles that have to be in memory at a time: they are multiplied with each other. */
export const LEAST_TILES = 2;

/** Up to TILE rows, which are multiplied together. */
export interface Tile {
  /** Positions in the index of the features, by slot; absent where the tile's row is not among them. */
  readonly positions: readonly (number | undefined)[];
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

/** Bytes of so many tiles in memory. */
export function tileBytes(rowLength: number, tiles: number): number {
  return 4 * numbersOfStrips(rowLength, tiles * TILE);
}

/** How many tiles so many bytes hold. */
export function tilesIn(bytes: number, rowLength: number): number {
  return Math.floor((bytes - tileBytes(rowLength, 0)) / (tileBytes(rowLength, 1) - tileBytes(rowLength, 0)));
}

/** @param most how many tiles memory may hold; it is taken when the first is read. */
export function loadedTiles(rows: Rows, most: number): LoadedTiles {
  const places = new Array<Tile | undefined>(most).fill(undefined);
  let opened: RowStrips | undefined;
  const strips = (): RowStrips => {
    opened ??= openStrips(rows, most * TILE);
    return opened;
  };
  const freePlace = (needed: ReadonlySet<Tile>): number => {
    const empty = places.indexOf(undefined);
    const place = empty >= 0 ? empty : places.findIndex((tile) => tile !== undefined && !needed.has(tile));
    if (place < 0) throw new Error(`more than ${most} tiles are needed at once`);
    return place;
  };
  return {
    places: () => places,
    all: () => strips().all,
    async strips(tile, needed) {
      const known = places.indexOf(tile);
      if (known >= 0) return strips().part(known * TILE, TILE);
      const place = freePlace(needed);
      // Until it is whole there is none.
      places[place] = undefined;
      await strips().read(
        Array.from({ length: TILE }, (_, slot) => tile.positions[slot]),
        place * TILE,
      );
      places[place] = tile;
      return strips().part(place * TILE, TILE);
    },
  };
}
