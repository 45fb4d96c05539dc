import { createHash } from "node:crypto";
import { join } from "node:path";
import type { JsonObject } from "../../../engine/json.ts";
import type { Store, StoreEntry } from "../../../engine/store.ts";
import { createNpy } from "../../learning/features/npy.ts";
import { TILE } from "./tiles.ts";

/**
 * What products of rows come to, in stores. Rows are multiplied in tiles of a
 * fixed size; which rows share a tile is settled when they are first seen, so that
 * a row that comes or goes moves no other. Entries:
 *
 * - `tiles-…`: its description says of each of some `tiles` its `rows`, by slot, ""
 *   for none, and its `order` among all;
 * - `gram-…`: `blocks.npy`, blocks × TILE × TILE: the rows of each of the tiles that
 *   the description names in `against` times those of its `tile`;
 * - `first-…`, in a store of its own: `blocks.npy`, 1 × TILE × units: a tile's
 *   rows times a first kernel.
 *
 * Their names say what they are of, so that executions at once write each once.
 */
export interface Blocks {
  /** Those that were kept, by id. */
  tiles(): ReadonlyMap<string, KeptTile>;
  /** Keeps which rows tiles have, all at once: no execution sees a part of them. */
  keepTiles(tiles: readonly TileNames[]): Promise<void>;
  /** The products of two tiles, in whichever order they were computed. */
  gram(one: TileNames, other: TileNames): GramPlace | undefined;
  first(tile: TileNames): StoreEntry | undefined;
  /** Of the entry that a piece is kept in. */
  nameOf(piece: Piece): string;
  /**
   * Brings a piece about: from another execution, or by `compute`.
   *
   * @param how `tryOnce` does not wait while another has it in hand.
   * @param compute its products: `against.length` × TILE × TILE, those of `against` × `tile`; or TILE × units.
   * @returns whether it is there.
   */
  bring(piece: Piece, how: "once" | "tryOnce", compute: () => Promise<Float32Array>): Promise<boolean>;
}

export interface KeptTile {
  /** Names of its rows, by slot. */
  readonly rows: readonly string[];
  /** Tiles have an order, in which new ones come last: pieces go by it. */
  readonly order: number;
}

/** A tile as it would be computed, and all that hold the same rows in the same slots, and perhaps more. */
export interface TileNames extends KeptTile {
  readonly id: string;
  /** Ids of tiles that were kept. */
  readonly kept: readonly string[];
}

/** What is computed by one execution at a time, and kept in one entry. */
export type Piece<Tile extends TileNames = TileNames> =
  | { readonly kind: "gram"; readonly tile: Tile; readonly against: readonly Tile[] }
  | { readonly kind: "first"; readonly tile: Tile };

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
  const tiles = new Map<string, KeptTile>();
  const grams = new Map<string, GramPlace>();
  const firsts = new Map<string, StoreEntry>();
  const addTiles = ({ about }: StoreEntry): void => {
    for (const tile of about.tiles as unknown as readonly KeptTile[]) tiles.set(idOf(tile.rows), tile);
  };
  const addGram = (entry: StoreEntry): void => {
    const { tile, against } = entry.about as { tile: string; against: string[] };
    for (const [at, other] of against.entries()) {
      grams.set(`${other} ${tile}`, { entry, at, isTurned: false });
      if (other !== tile) grams.set(`${tile} ${other}`, { entry, at, isTurned: true });
    }
  };
  const addFirst = (entry: StoreEntry): void => void firsts.set(entry.about.tile as string, entry);
  for (const entry of await gram.entries()) {
    if (entry.name.startsWith("tiles-")) addTiles(entry);
    else if (entry.name.startsWith("gram-")) addGram(entry);
  }
  for (const entry of await first.entries()) addFirst(entry);
  const idsOf = ({ id, kept }: TileNames): readonly string[] => [...kept, id];

  const nameOf = (piece: Piece): string => {
    if (piece.kind === "first") return `first-${piece.tile.id}`;
    return `gram-${idOf([piece.tile, ...piece.against].map(({ id }) => id))}`;
  };
  const storeOf = ({ kind }: Piece): Store => (kind === "first" ? first : gram);
  const writing =
    (piece: Piece, compute: () => Promise<Float32Array>) =>
    async (folder: string): Promise<JsonObject> => {
      const against = piece.kind === "gram" ? piece.against.map(({ id }) => id) : undefined;
      const shape = against === undefined ? [1, TILE, units] : [against.length, TILE, TILE];
      await writeArray(join(folder, blocksFile), shape, await compute());
      return { tile: piece.tile.id, ...(against === undefined ? {} : { against }) };
    };
  return {
    tiles: () => tiles,
    async keepTiles(wanted) {
      const fresh = new Map(wanted.map((tile) => [tile.id, tile]));
      for (const id of tiles.keys()) fresh.delete(id);
      if (fresh.size === 0) return;
      const about = { tiles: [...fresh.values()].map(({ order, rows }) => ({ order, rows })) };
      addTiles(await gram.once(`tiles-${idOf([...fresh.keys()])}`, async () => about));
    },
    gram(one, other) {
      for (const a of idsOf(one)) {
        for (const b of idsOf(other)) {
          const place = grams.get(`${a} ${b}`);
          if (place !== undefined) return place;
        }
      }
      return undefined;
    },
    first(tile) {
      const id = idsOf(tile).find((one) => firsts.has(one));
      return id === undefined ? undefined : firsts.get(id);
    },
    nameOf,
    async bring(piece, how, compute) {
      const entry = await storeOf(piece)[how](nameOf(piece), writing(piece, compute));
      if (entry === undefined) return false;
      if (piece.kind === "first") addFirst(entry);
      else addGram(entry);
      return true;
    },
  };
}

export function idOf(names: readonly string[]): string {
  return createHash("sha256").update(names.join("\n")).digest("hex").slice(0, 32);
}

async function writeArray(file: string, shape: readonly number[], values: Float32Array): Promise<void> {
  const writer = await createNpy(file, { type: "<f4", shape });
  try {
    await writer.append(values);
  } finally {
    await writer.close();
  }
}
