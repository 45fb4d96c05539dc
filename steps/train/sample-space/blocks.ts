import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Store, StoreEntry } from "../../../engine/step-type.ts";
import { createNpy } from "../../learning/features/npy.ts";
import { TILE } from "./tiles.ts";

/**
 * What products of rows come to, in stores. Rows are multiplied in tiles of a
 * fixed size; which rows share a tile is settled when they are first seen, so that
 * a row that comes or goes moves no other. Entries:
 *
 * - `tile-…`: its description says which `rows` a tile has, by slot, "" for none;
 * - `gram-…`: `blocks.npy`, blocks × TILE × TILE: the rows of each of the tiles that
 *   the description names in `against` times those of its `tile`;
 * - `first-…`, in a store of its own: `blocks.npy`, 1 × TILE × units: a tile's
 *   rows times a first kernel.
 */
export interface Blocks {
  /** Those that were kept: the names of their rows by slot, by id. */
  tiles(): ReadonlyMap<string, readonly string[]>;
  /** The products of two tiles, in whichever order they were computed. */
  gram(one: TileNames, other: TileNames): GramPlace | undefined;
  /** @param blocks those of `against` × `tile`: `against.length` × TILE × TILE. */
  keepGram(tile: TileNames, against: readonly TileNames[], blocks: Float32Array): Promise<void>;
  first(tile: TileNames): StoreEntry | undefined;
  /** @param block TILE × units. */
  keepFirst(tile: TileNames, block: Float32Array): Promise<void>;
}

/** A tile as it would be computed, and all that hold the same rows in the same slots, and perhaps more. */
export interface TileNames {
  readonly id: string;
  readonly rows: readonly string[];
  /** Ids of tiles that were kept. */
  readonly kept: readonly string[];
}

export interface GramPlace {
  readonly entry: StoreEntry;
  readonly at: number;
  /** Whether its rows are those of the other tile. */
  readonly isTurned: boolean;
}

/** The name of the file with products in an entry. */
export const blocksFile = "blocks.npy";

export interface BlockStores {
  readonly gram: Store;
  readonly first: Store;
  readonly units: number;
}

export async function openBlocks({ gram, first, units }: BlockStores): Promise<Blocks> {
  const tiles = new Map<string, readonly string[]>();
  const grams = new Map<string, GramPlace>();
  const firsts = new Map<string, StoreEntry>();
  const addGram = (entry: StoreEntry): void => {
    const { tile, against } = entry.about as { tile: string; against: string[] };
    for (const [at, other] of against.entries()) {
      grams.set(`${other} ${tile}`, { entry, at, isTurned: false });
      if (other !== tile) grams.set(`${tile} ${other}`, { entry, at, isTurned: true });
    }
  };
  for (const entry of await gram.entries()) {
    if (entry.name.startsWith("tile-")) tiles.set(entry.name.slice(5), entry.about.rows as string[]);
    else addGram(entry);
  }
  for (const entry of await first.entries()) firsts.set(entry.about.tile as string, entry);
  const keepTile = async ({ id, rows }: TileNames): Promise<string> => {
    if (!tiles.has(id)) await gram.publish(`tile-${id}`, async () => ({ rows }));
    tiles.set(id, rows);
    return id;
  };
  const idsOf = ({ id, kept }: TileNames): readonly string[] => [...kept, id];
  return {
    tiles: () => tiles,
    gram(one, other) {
      for (const a of idsOf(one)) {
        for (const b of idsOf(other)) {
          const place = grams.get(`${a} ${b}`);
          if (place !== undefined) return place;
        }
      }
      return undefined;
    },
    async keepGram(tile, against, blocks) {
      const id = await keepTile(tile);
      const others: string[] = [];
      for (const other of against) others.push(await keepTile(other));
      const entry = await gram.publish(`gram-${idOf([id, ...others])}`, async (folder) => {
        await writeArray(join(folder, blocksFile), [others.length, TILE, TILE], blocks);
        return { tile: id, against: others };
      });
      addGram(entry);
    },
    first(tile) {
      const id = idsOf(tile).find((one) => firsts.has(one));
      return id === undefined ? undefined : firsts.get(id);
    },
    async keepFirst(tile, block) {
      const { id } = tile;
      const entry = await first.publish(`first-${id}`, async (folder) => {
        await writeArray(join(folder, blocksFile), [1, TILE, units], block);
        return { tile: id };
      });
      firsts.set(id, entry);
    },
  };
}

export function idOf(names: readonly string[]): string {
  return createHash("sha256").update(names.join("\n")).digest("hex").slice(0, 32);
}

async function writeArray(file: string, shape: readonly number[], values: Float32Array): Promise<void> {
  const writer = await createNpy(file, { type: "<f4", shape });
  try {
    await writer.append(
      values.subarray(
        0,
        shape.reduce((product, size) => product * size, 1),
      ),
    );
  } finally {
    await writer.close();
  }
}
