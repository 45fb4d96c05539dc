import type { Products } from "../../compute/onnx/products.ts";
import type { Coordinates } from "./coordinates.ts";
import { type LoadedTiles, TILE, type Tile } from "./tiles.ts";
import type { Tiling } from "./tiling.ts";

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
export async function foldInto(kernel: Float32Array, fold: Fold): Promise<void> {
  const { coordinates, loaded, products, units } = fold;
  const [scale = 1] = coordinates.scale;
  if (scale !== 1) for (let at = 0; at < kernel.length; at++) kernel[at] = scale * (kernel[at] as number);
  const parts = partsOf(fold);
  const places = loaded.places();
  const weights = new Float32Array(places.length * TILE * units);
  while (parts.size > 0) {
    // Those that are in memory first: others take their places.
    const stay = new Set([...places].filter((tile) => tile !== undefined && parts.has(tile)) as Tile[]);
    for (const tile of parts.keys()) {
      if (stay.size === places.length) break;
      stay.add(tile);
      await loaded.strips(tile, stay);
    }
    weights.fill(0);
    for (const [place, tile] of places.entries()) {
      const part = tile && parts.get(tile);
      if (part !== undefined) weights.set(part, place * TILE * units);
      if (tile !== undefined) parts.delete(tile);
    }
    for (const { values, first, width } of loaded.all()) {
      const sum = kernel.subarray(first * units, (first + width) * units);
      await products.addTransposedTimes(
        values,
        weights,
        { m: width, k: places.length * TILE, n: units },
        sum,
      );
    }
  }
}

/** The rows of A by tile, in the slots of their rows. */
function partsOf({ coordinates, tiling, training, units }: Fold): Map<Tile, Float32Array> {
  const parts = new Map<Tile, Float32Array>();
  for (const [row, position] of training.entries()) {
    const { tile: at, slot } = tiling.place(position);
    const tile = tiling.tiles[at] as Tile;
    const part = parts.get(tile) ?? new Float32Array(TILE * units);
    parts.set(tile, part);
    // Of a picture that is listed twice both count.
    for (let j = 0; j < units; j++) {
      const to = slot * units + j;
      part[to] = (part[to] as number) + (coordinates.pair[row * 2 * units + j] as number);
    }
  }
  return parts;
}
