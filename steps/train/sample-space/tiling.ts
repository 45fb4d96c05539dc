import { byCodeUnit } from "../../../engine/json.ts";
import { rowName } from "../../learning/tables/features.ts";
import type { Rows } from "../method.ts";
import { type Blocks, idOf, type KeptTile, type TileNames } from "./blocks.ts";
import { TILE, type Tile } from "./tiles.ts";

/** A tile of rows that are wanted now. */
export interface PlacedTile extends Tile, TileNames {}

/** Where each wanted row stands in its tile. */
export interface Tiling {
  readonly tiles: readonly PlacedTile[];
  /** By position in the index of the features. */
  place(position: number): { readonly tile: number; readonly slot: number };
}

/**
 * Brings rows into tiles: those in which they were before, and new ones for rows
 * that are new. Rows that tiles had and nobody wants now leave a gap. Whether tiles
 * were kept changes neither them nor their order: executions that want the same
 * rows at once have the same tiles, however far each of them is.
 *
 * @param wanted positions, those that are trained on first.
 */
export function tilingOf(rows: Rows, wanted: Iterable<number>, blocks: Pick<Blocks, "tiles">): Tiling {
  const names = new Map<string, number>();
  for (const position of wanted) {
    const name = nameOf(rows, position);
    // Of a picture that is listed twice the first counts: one that is trained on.
    if (!names.has(name)) names.set(name, position);
  }
  const free = new Set(names.keys());
  const known = [...blocks.tiles()];
  const found: KeptTile[] = [];
  // Fullest first: else a tile with gaps that was kept beside it takes the place of a whole one.
  const full = ([, tile]: (typeof known)[number]): number =>
    tile.rows.filter((name) => free.has(name)).length;
  for (const [, tile] of known.toSorted((a, b) => full(b) - full(a) || byCodeUnit(a[0], b[0]))) {
    const slots = tile.rows.map((name) => (free.has(name) ? name : ""));
    if (slots.every((name) => name === "")) continue;
    for (const name of slots) free.delete(name);
    found.push({ rows: slots, order: tile.order });
  }
  const fresh = [...free];
  let order = known.reduce((last, [, tile]) => Math.max(last, tile.order), -1);
  for (let at = 0; at < fresh.length; at += TILE) {
    order++;
    found.push({ rows: fresh.slice(at, at + TILE), order });
  }
  const tiles = found
    .map(({ rows: slots, order }) => ({
      ...{ id: idOf(slots), rows: slots, order },
      kept: known.filter(([, tile]) => holds(tile.rows, slots)).map(([id]) => id),
      positions: slots.map((name) => names.get(name)),
    }))
    .sort((a, b) => a.order - b.order || byCodeUnit(a.id, b.id));
  const places = new Map<string, { tile: number; slot: number }>();
  for (const [tile, { rows: slots }] of tiles.entries()) {
    for (const [slot, name] of slots.entries()) if (name !== "") places.set(name, { tile, slot });
  }
  return {
    tiles,
    place(position) {
      const place = places.get(nameOf(rows, position));
      if (place === undefined) throw new Error(`row ${position} is in no tile`);
      return place;
    },
  };
}

function holds(tile: readonly string[], slots: readonly string[]): boolean {
  return slots.every((name, slot) => name === "" || tile[slot] === name);
}

function nameOf({ index }: Rows, position: number): string {
  const row = index[position];
  if (row === undefined) throw new Error(`there is no row ${position}`);
  return rowName(row);
}
