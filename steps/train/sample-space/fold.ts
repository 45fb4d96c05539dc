import type { Products } from "../../compute/linear-algebra.ts";
import type { Coordinates } from "./coordinates.ts";
import { type LoadedTiles, TILE, type Tile } from "./tiles.ts";

export interface Fold {
  readonly coordinates: Coordinates;
  readonly loaded: LoadedTiles;
  readonly products: Products;
  /** Positions of the training rows, as the coordinates have them. */
  readonly training: Int32Array;
  readonly units: number;
  /** By what each of the rows is multiplied; default: 1. */
  readonly factors?: Float64Array;
}

/**
 * The first kernel as the coordinates have it, in the place of the first weights:
 * W ← c · W + Xᵀ·A. The rows are added in their order, TILE at a time, whatever
 * tiles they are in and which of these are in memory: the bits must not depend on it.
 */
export async function foldInto(kernel: Float32Array, fold: Fold): Promise<void> {
  const { coordinates, loaded, products, training, units } = fold;
  const [scale = 1] = coordinates.scale;
  if (scale !== 1) for (let at = 0; at < kernel.length; at++) kernel[at] = scale * (kernel[at] as number);
  const starts = Array.from({ length: Math.ceil(training.length / TILE) }, (_, at) => at * TILE);
  const parts = starts.map((start) => tileWith([...training.subarray(start, start + TILE)], loaded));
  for (const [at, tile] of parts.entries()) {
    const weights = weightsOf(at * TILE, fold);
    const later = parts.slice(at + 1).filter((one) => loaded.places().includes(one));
    // One place is for the rows that are to be read.
    const needed = new Set([tile, ...later].slice(0, loaded.places().length - 1));
    for (const { values, first, width } of await loaded.strips(tile, needed)) {
      const sum = kernel.subarray(first * units, (first + width) * units);
      await products.addTransposedTimes(values, weights, { m: width, k: TILE, n: units }, sum);
    }
  }
}

/** A tile in memory that begins with these rows, or a new one. */
function tileWith(positions: readonly number[], loaded: LoadedTiles): Tile {
  const there = loaded
    .places()
    .find((tile) => tile !== undefined && positions.every((one, slot) => tile.positions[slot] === one));
  return there ?? { positions };
}

/** A of the rows from `start` on: TILE × units. */
function weightsOf(start: number, { coordinates, training, units, factors }: Fold): Float32Array {
  const weights = new Float32Array(TILE * units);
  const end = Math.min(start + TILE, training.length);
  for (let row = start; row < end; row++) {
    const at = row * 2 * units;
    const to = (row - start) * units;
    weights.set(coordinates.pair.subarray(at, at + units), to);
    if (factors === undefined) continue;
    const factor = factors[row] as number;
    for (let j = to; j < to + units; j++) weights[j] = factor * (weights[j] as number);
  }
  return weights;
}
