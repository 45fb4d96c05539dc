import type { Blocks } from "./blocks.ts";
import { type Multiplier, multiplyPiece } from "./multiply-piece.ts";
import { type PiecesOptions, type PlacedPiece, piecesOf, productsIn } from "./pieces.ts";
import type { PlacedTile } from "./tiling.ts";

export interface BlockWork extends Omit<PiecesOptions, "held" | "blocks">, Omit<Multiplier, "pause"> {
  readonly blocks: Blocks;
  /** Called when something has changed, and between products; may throw. */
  tell(done: ProductsDone): void;
  /** A line on what is about to be computed. */
  log(line: string): void;
}

/** How many products are done, of `total` that are wanted. */
export interface ProductsDone {
  readonly total: number;
  /** That were there before this execution. */
  readonly there: number;
  /** By this execution. */
  readonly computed: number;
  /** By others, meanwhile. */
  readonly brought: number;
}

/** How many tiles stay in memory while one of the others passes by. */
export function heldOf(most: number): number {
  return Math.max(1, most - 1);
}

/** Those whose rows are to be kept before their products are. */
export function tilesIn(pieces: readonly PlacedPiece[]): readonly PlacedTile[] {
  return pieces.flatMap((piece) => (piece.kind === "gram" ? [piece.tile, ...piece.against] : []));
}

/**
 * Computes what is wanted and not there: products of tiles with each other and
 * with the first kernel, each piece by one execution of those that want it. What
 * another has in hand is come back to.
 */
export async function computeBlocks(work: BlockWork): Promise<void> {
  const { blocks, most, log } = work;
  const { missing, total } = piecesOf({ ...work, held: heldOf(most) });
  const there = total - missing.reduce((sum, piece) => sum + productsIn(piece), 0);
  const done = { computed: 0, brought: 0 };
  const tell = (): void => work.tell({ total, there, ...done });
  /** Returns whether it is there now. */
  const bring = async (piece: PlacedPiece, how: "once" | "tryOnce"): Promise<boolean> => {
    let by: "brought" | "computed" = "brought";
    const isThere = await blocks.bring(piece, how, async () => {
      by = "computed";
      const before = there + done.computed + done.brought;
      log(
        `computing ${blocks.nameOf(piece)}, ${productsIn(piece)} of ${total} products; ${before} are there`,
      );
      return multiplyPiece(piece, { ...work, pause: tell });
    });
    if (!isThere) return false;
    done[by] += productsIn(piece);
    tell();
    return true;
  };

  tell();
  await blocks.keepTiles(tilesIn(missing));
  /** What others had in hand. */
  const taken: PlacedPiece[] = [];
  for (const piece of missing) {
    if (!(await bring(piece, "tryOnce"))) taken.push(piece);
    while (taken[0] !== undefined && (await bring(taken[0], "tryOnce"))) taken.shift();
  }
  for (const piece of taken) await bring(piece, "once");
}
