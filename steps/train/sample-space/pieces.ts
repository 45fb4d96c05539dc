import type { Blocks, Piece } from "./blocks.ts";
import type { PlacedTile } from "./tiling.ts";

/**
 * A piece with its number among all that could be wanted, whatever is there of
 * them, and with tiles that had better stay in memory, since pieces after it have them too.
 */
export type PlacedPiece = Piece<PlacedTile> & {
  readonly at: number;
  readonly stay: ReadonlySet<PlacedTile>;
};

export interface PiecesOptions {
  /** In the order of tiles. */
  readonly tiles: readonly PlacedTile[];
  /** Whether the products of two tiles are wanted. */
  isWanted(one: PlacedTile, other: PlacedTile): boolean;
  readonly blocks: Pick<Blocks, "gram" | "first">;
  readonly rowLength: number;
  /** How many tiles can stay in memory while the others pass by. */
  readonly held: number;
  /** Of the pieces only those whose numbers are from the first on and below the second. */
  readonly range?: readonly [from: number, to: number];
}

export interface Pieces {
  /** What is not there, in the order in which it is computed. */
  readonly missing: readonly PlacedPiece[];
  /** How many products are wanted in all, those that are there among them. */
  readonly total: number;
}

/** To keep a piece must take a small part of the time that computing it does, and what a crash costs is a piece. */
const PIECE_COLUMNS = 1 << 18;
/** Products with several tiles at once take two thirds of the time. */
const FEWEST_TILES = 4;
/** 16 MB of products. */
const MOST_TILES = 64;

/**
 * Divides what is wanted into pieces: a tile times a run of tiles up to itself in
 * their order. A run's length goes by that of a row, a second's work or less. So
 * that executions which want the same find each other's pieces, memory decides
 * nothing but the order in which they are computed: as many tiles as it holds stay
 * while the others pass by.
 */
export function piecesOf(options: PiecesOptions): Pieces {
  const { tiles, isWanted, blocks, rowLength, held, range = [0, Number.POSITIVE_INFINITY] } = options;
  const length = Math.min(Math.max(FEWEST_TILES, Math.floor(PIECE_COLUMNS / rowLength)), MOST_TILES);
  const together = Math.max(1, Math.floor(held / length)) * length;
  const missing: PlacedPiece[] = [];
  let [next, total] = [0, 0];
  const isAsked = (): boolean => next >= range[0] && next < range[1];
  for (let start = 0; start < tiles.length; start += together) {
    const stay = new Set(tiles.slice(start, start + together));
    for (const [at, tile] of tiles.entries()) {
      if (start === 0) {
        if (isAsked()) {
          total++;
          if (blocks.first(tile) === undefined) missing.push({ kind: "first", at: next, tile, stay });
        }
        next++;
      }
      for (let first = start; first <= Math.min(at, start + together - 1); first += length) {
        const run = tiles.slice(first, Math.min(first + length, at + 1));
        const wanted = run.filter((other) => isWanted(tile, other));
        if (wanted.length === 0) continue;
        if (isAsked()) {
          const against = wanted.filter((other) => blocks.gram(tile, other) === undefined);
          total += wanted.length;
          if (against.length > 0) missing.push({ kind: "gram", at: next, tile, against, stay });
        }
        next++;
      }
    }
  }
  return { missing, total };
}

/** How many products a piece is. */
export function productsIn(piece: Piece): number {
  return piece.kind === "gram" ? piece.against.length : 1;
}
