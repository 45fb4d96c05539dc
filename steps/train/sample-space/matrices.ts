import { join } from "node:path";
import type { StoreEntry } from "../../../engine/store.ts";
import { readHeader } from "../../learning/features/npy.ts";
import { openFiles } from "../../learning/features/open-files.ts";
import { type Blocks, blocksFile, type GramPlace } from "./blocks.ts";
import { TILE } from "./tiles.ts";
import type { PlacedTile, Tiling } from "./tiling.ts";

/** What training in sample space needs to know of the features, and nothing of their width. */
export interface Matrices {
  /** rows × columns: the products of each row with each training row. */
  readonly gram: Float32Array;
  /** rows × units: of each row with the first kernel. */
  readonly first: Float32Array;
  /** By row: with itself; absent where it was not asked for. */
  readonly squares?: Float32Array;
}

export interface MatrixRows {
  readonly tiling: Tiling;
  readonly blocks: Blocks;
  readonly units: number;
  /** Positions of the rows, and of those that they are multiplied with. */
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  /** Whether the products of rows with themselves are asked for. */
  readonly withSquares: boolean;
}

/** Puts matrices together from the blocks that were kept. */
export async function readMatrices(wanted: MatrixRows): Promise<Matrices> {
  const { tiling, blocks, units, rows, columns, withSquares } = wanted;
  const { tiles } = tiling;
  const files = openFiles(64);
  const read = async ({ path }: StoreEntry, at: number, into: Float32Array): Promise<void> => {
    const file = join(path, blocksFile);
    const { offset } = await readHeader(file, (bytes, position) => files.read(file, bytes, position));
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    const count = await files.read(file, bytes, offset + at * into.byteLength);
    if (count !== bytes.length) throw new Error(`${file} ends early`);
  };
  try {
    const [rowsOf, columnsOf] = [byTile(tiling, rows), byTile(tiling, columns)];
    const gram = new Float32Array(rows.length * columns.length);
    const first = new Float32Array(rows.length * units);
    const squares = new Float32Array(withSquares ? rows.length : 0);
    const block = new Float32Array(TILE * TILE);
    const projected = new Float32Array(TILE * units);
    for (const [one, theirs] of rowsOf) {
      const tile = tiles[one] as PlacedTile;
      await read(blocks.first(tile) as StoreEntry, 0, projected);
      for (const { at, slot } of theirs) {
        first.set(projected.subarray(slot * units, (slot + 1) * units), at * units);
      }
      if (withSquares) {
        const { entry, at } = blocks.gram(tile, tile) as GramPlace;
        await read(entry, at, block);
        for (const { at, slot } of theirs) squares[at] = block[slot * TILE + slot] as number;
      }
      for (const [other, others] of columnsOf) {
        const { entry, at, isTurned } = blocks.gram(tile, tiles[other] as PlacedTile) as GramPlace;
        await read(entry, at, block);
        const [down, right] = isTurned ? [1, TILE] : [TILE, 1];
        for (const row of theirs) {
          const from = row.slot * down;
          const to = row.at * columns.length;
          for (const column of others) {
            gram[to + column.at] = block[from + column.slot * right] as number;
          }
        }
      }
    }
    return { gram, first, ...(withSquares ? { squares } : {}) };
  } finally {
    await files.close();
  }
}

interface Placed {
  /** In the list. */
  readonly at: number;
  readonly slot: number;
}

/** Positions by the tile in which they are. */
function byTile(tiling: Tiling, positions: Int32Array): Map<number, Placed[]> {
  const found = new Map<number, Placed[]>();
  for (const [at, position] of positions.entries()) {
    const { tile, slot } = tiling.place(position);
    const list = found.get(tile) ?? [];
    list.push({ at, slot });
    found.set(tile, list);
  }
  return found;
}
