import type { Coordinates } from "./coordinates.ts";
import type { Products } from "./products.ts";
import { type LoadedTiles, TILE } from "./tiles.ts";
import type { PlacedTile, Tiling } from "./tiling.ts";

export interface Fold {
  readonly coordinates: Coordinates;
  readonly tiling: Tiling;
  readonly loaded: LoadedTiles;
  readonly products: Products;
  /** Positions of the training rows, as the coordinates have them. */
  readonly training: Int32Array;
  readonly units: number;
}

/** The first kernel as the coordinates have it, in the place of the first weights: W ← c · W + Xᵀ·A. */
export async function foldInto(
  kernel: Float32Array,
  { coordinates, tiling, loaded, products, training, units }: Fold,
): Promise<void> {
  const [scale = 1] = coordinates.scale;
  if (scale !== 1) for (let at = 0; at < kernel.length; at++) kernel[at] = scale * (kernel[at] as number);
  const parts = new Map<PlacedTile, Float32Array>();
  for (const [row, position] of training.entries()) {
    const { tile: at, slot } = tiling.place(position);
    const tile = tiling.tiles[at] as PlacedTile;
    const part = parts.get(tile) ?? new Float32Array(TILE * units);
    parts.set(tile, part);
    // Of a picture that is listed twice both count.
    for (let j = 0; j < units; j++) {
      const to = slot * units + j;
      part[to] = (part[to] as number) + (coordinates.pair[row * 2 * units + j] as number);
    }
  }
  // Those that are in memory first: others take their place.
  const order = [...parts].sort(([a], [b]) => Number(loaded.has(b)) - Number(loaded.has(a)));
  for (const [tile, part] of order) {
    for (const { values, first, width } of await loaded.strips(tile, new Set())) {
      const sum = kernel.subarray(first * units, (first + width) * units);
      await products.addTransposedTimes(values, part, { m: width, k: TILE, n: units }, sum);
    }
  }
}
