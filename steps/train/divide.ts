import { type ClaimedItem, itemsOf, rangeOf, type ToDo, type WorkItem } from "../../engine/division.ts";
import { memoryLimit } from "../../engine/memory.ts";
import { type Features, openFeatures } from "../learning/features/rows.ts";
import { positionsOf } from "./batches.ts";
import { refuseSmallMachine } from "./budget.ts";
import { chooseMethod } from "./choose-method.ts";
import type { TrainPart } from "./declaration.ts";
import { itemProducts } from "./item-size.ts";
import { openAlgebra } from "./open-algebra.ts";
import { storesOf } from "./open-method.ts";
import { sizeOf } from "./resolve.ts";
import { computeBlocks, heldOf, tilesIn } from "./sample-space/compute-blocks.ts";
import { type TiledRows, tileRows } from "./sample-space/multiply-rows.ts";
import { type PlacedPiece, piecesOf, productsIn } from "./sample-space/pieces.ts";
import { initialState } from "./state.ts";

/** Of the products of rows in tiles, runs of pieces in their order (see `sample-space/pieces.ts`). */
export async function split(ctx: TrainPart): Promise<readonly WorkItem[]> {
  const items = await withTiles(ctx, async ({ tiled }) => {
    const least = itemProducts(tiled.rowLength);
    const { missing } = piecesOf({ ...tiled, held: heldOf(tiled.most) });
    // Whoever takes part has the same tiles then, whatever comes to be kept meanwhile.
    await tiled.blocks.keepTiles(tilesIn(missing));
    return itemsOf("pieces", missing.map(toDo), least);
  });
  return items ?? [];
}

export function toDo(piece: PlacedPiece): ToDo {
  return { to: piece.at + 1, cost: productsIn(piece) };
}

/** Computes products of items into their stores. */
export async function work(ctx: TrainPart, items: AsyncIterable<ClaimedItem>): Promise<void> {
  await withTiles(ctx, async ({ tiled, layers }) => {
    const algebra = await openAlgebra(ctx);
    const products = algebra.openProducts();
    const { kernel, bias } = initialState(layers, ctx.params.seed, []).layers[0] as Kernel;
    let done = 0;
    try {
      for await (const item of items) {
        const { from, to } = rangeOf(item);
        let computed = 0;
        await computeBlocks({
          ...tiled,
          ...{ range: [from, to], products, kernel, units: bias.length, log: ctx.log },
          tell(now) {
            ctx.signal.throwIfAborted();
            computed = now.computed;
            ctx.progress({ done: done + computed, total: now.total, unit: "products" });
          },
        });
        done += computed;
        item.done();
      }
    } finally {
      ctx.metric({ products: done });
      await products.close();
      await algebra.close();
    }
  });
}

interface Kernel {
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

interface Tiles {
  readonly tiled: TiledRows;
  /** See `Size`. */
  readonly layers: readonly number[];
}

/** `undefined` where no products of all rows are taken, or where `run` says what is wrong. */
async function withTiles<Result>(
  ctx: TrainPart,
  use: (tiles: Tiles) => Promise<Result>,
): Promise<Result | undefined> {
  const features = await openFeatures(ctx.inputs.features.path, ctx.openStore);
  try {
    const tiles = await tilesOf(ctx, features);
    return tiles && (await use(tiles));
  } finally {
    await features.close();
  }
}

async function tilesOf(ctx: TrainPart, features: Features): Promise<Tiles | undefined> {
  const { params } = ctx;
  const [training, validation] = [positionsOf(features, "train"), positionsOf(features, "validation")];
  const { rowLength, classes } = features;
  if (training.length === 0 || classes.length < 2) return undefined;
  const counts = { training: training.length, validation: validation.length };
  const { layers, ...size } = sizeOf(params, { ...counts, rowLength, classes: classes.length });
  const chosen = chooseMethod(params, { ...size, layers });
  if (!("rowBytes" in chosen)) return undefined;
  refuseSmallMachine(chosen.bytes, params.memory, memoryLimit());
  const units = layers[1] as number;
  // Products of rows of length 1 follow from those of the rows as they are: `openMethod` says more.
  const tiled = await tileRows({
    ...{ features, training, validation, units, rowBytes: chosen.rowBytes },
    isUnitLength: params.normalize === "l2",
    stores: storesOf({ ctx, features, inputs: rowLength, units }, undefined),
  });
  return { tiled, layers };
}
