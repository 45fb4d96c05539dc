import type { Store } from "../../../engine/store.ts";
import type { Products } from "../../compute/linear-algebra.ts";
import type { Rows } from "../method.ts";
import { type Blocks, openBlocks } from "./blocks.ts";
import { type BlockWork, computeBlocks, type ProductsDone } from "./compute-blocks.ts";
import { type Matrices, readMatrices } from "./matrices.ts";
import { LEAST_TILES, type LoadedTiles, loadedTiles, tilesIn } from "./tiles.ts";
import { type Tiling, tilingOf } from "./tiling.ts";
import { factorsOf, toUnitLength } from "./unit-length.ts";

/** Rows whose products with each other and with first weights are wanted. */
export interface RowsToTile {
  readonly features: Rows;
  /** Positions of the rows. */
  readonly training: Int32Array;
  readonly validation: Int32Array;
  /** Of the first layer. */
  readonly units: number;
  /** Whether rows are brought to length 1, as `normalize: l2` does: that follows from their products. */
  readonly isUnitLength: boolean;
  /** Of products of rows with each other, and with the first weights. */
  readonly stores: { readonly gram: Store; readonly first: Store };
  /** Bytes that rows in memory may take. */
  readonly rowBytes: number;
}

export interface RowsToMultiply extends RowsToTile {
  /** The first weights: row length × units. */
  readonly kernel: Float32Array;
  readonly products: Products;
  /** Called when something has changed, and between products; may throw. */
  tell(done: ProductsDone): void;
  /** A line on what is about to be computed. */
  log(line: string): void;
}

export interface MultipliedRows {
  readonly training: Matrices;
  readonly validation: Matrices;
  /** By what training rows are multiplied, where that is asked for. */
  readonly factors?: Float64Array;
  /** Rows that are in memory still. */
  readonly loaded: LoadedTiles;
}

/** What is to be known of rows before any are multiplied. */
export interface TiledRows extends Pick<BlockWork, "tiles" | "isWanted" | "rowLength" | "most" | "loaded"> {
  readonly blocks: Blocks;
  readonly tiling: Tiling;
}

export async function tileRows(options: RowsToTile): Promise<TiledRows> {
  const { features, training, validation, units, isUnitLength } = options;
  const { rowLength } = features;
  const blocks = await openBlocks({ ...options.stores, units });
  const tiling = tilingOf(features, [...training, ...validation], blocks);
  const { tiles } = tiling;
  const fitting = Math.max(LEAST_TILES, tilesIn(options.rowBytes, rowLength));
  const most = Math.min(fitting, Math.max(LEAST_TILES, tiles.length));
  const isTraining = new Set(training);
  const holdsTraining = new Set(
    tiles.filter(({ positions }) => positions.some((one) => one !== undefined && isTraining.has(one))),
  );
  return {
    ...{ blocks, tiling, tiles, rowLength, most, loaded: loadedTiles(features, most) },
    isWanted: (one, other) =>
      holdsTraining.has(one) || holdsTraining.has(other) || (isUnitLength && one === other),
  };
}

/**
 * All products of rows that training needs, from the stores; what is not there is computed and kept.
 *
 * @returns `undefined` where lengths do not follow from products: rows are very long or very short.
 */
export async function multiplyRows(options: RowsToMultiply): Promise<MultipliedRows | undefined> {
  const { features, training, validation, kernel, units, products, isUnitLength, tell, log } = options;
  const tiled = await tileRows(options);
  const { blocks, tiling, loaded } = tiled;
  await computeBlocks({ ...tiled, products, kernel, units, tell, log });
  const read = { tiling, blocks, units, columns: training, withSquares: isUnitLength };
  const matrices = {
    training: await readMatrices({ ...read, rows: training }),
    validation: await readMatrices({ ...read, rows: validation }),
  };
  const factors = isUnitLength ? await factorsIn(matrices, options) : {};
  return (
    factors && {
      ...matrices,
      ...factors,
      // To read rows once, one after the other, memory that was never touched would only take time.
      loaded: loaded.places().some((tile) => tile !== undefined)
        ? loaded
        : loadedTiles(features, LEAST_TILES),
    }
  );
}

/** Brings products to those of rows of length 1. */
async function factorsIn(
  matrices: Pick<MultipliedRows, "training" | "validation">,
  { features, training, validation }: RowsToMultiply,
): Promise<Pick<MultipliedRows, "factors"> | undefined> {
  const factors = await factorsOf(matrices.training.squares as Float32Array, features, training);
  const others = await factorsOf(matrices.validation.squares as Float32Array, features, validation);
  if (factors === undefined || others === undefined) return undefined;
  toUnitLength(matrices.training, factors, factors);
  toUnitLength(matrices.validation, others, factors);
  return { factors };
}
