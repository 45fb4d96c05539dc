import { permutation, randomStream } from "../compute/random.ts";
import type { Split } from "../learning/tables/images.ts";
import type { TrainParams } from "./declaration.ts";
import type { Rows } from "./method.ts";

/** A few rows with their labels; the memory is used again by the batch after the next. */
export interface LabelledBatch {
  /** rows × rowLength. */
  readonly x: Float32Array;
  readonly labels: Int32Array;
  readonly rows: number;
}

/** Labels of the rows at these positions. */
export function labelsOf({ index }: Pick<Rows, "index">, positions: ArrayLike<number>): Int32Array {
  return Int32Array.from(positions, (position) => index[position]?.label ?? -1);
}

/** Positions in the index of the rows of one split, in canonical order. */
export function positionsOf({ index }: Pick<Rows, "index">, split: Split): Int32Array {
  const positions = index.flatMap((row, at) => (row.split === split ? [at] : []));
  return Int32Array.from(positions);
}

/** The order in which an epoch (from 1 on) visits the training rows. */
export function epochOrder(
  positions: Int32Array,
  { shuffle, seed }: Pick<TrainParams, "shuffle" | "seed">,
  epoch: number,
): Int32Array {
  if (shuffle === "none") return positions;
  const word = shuffle === "once" ? "order" : `order ${epoch}`;
  return permutation(positions.length, randomStream(seed, word)).map((at) => positions[at] as number);
}

/** Batches in the given order, the last one smaller; the next is read while the one in hand is used. */
export async function* batches(
  features: Rows,
  order: Int32Array,
  size: number,
): AsyncGenerator<LabelledBatch> {
  const memory = [0, 1].map(() => new Float32Array(Math.min(size, order.length) * features.rowLength));
  const load = async (at: number): Promise<LabelledBatch> => {
    const positions = [...order.subarray(at, at + size)];
    const x = memory[(at / size) % 2] as Float32Array;
    await features.read(positions, x);
    return { x, labels: labelsOf(features, positions), rows: positions.length };
  };
  let next: Promise<LabelledBatch> | undefined = load(0);
  try {
    for (let at = 0; at < order.length; at += size) {
      const batch: LabelledBatch = await (next as Promise<LabelledBatch>);
      next = at + size < order.length ? load(at + size) : undefined;
      yield batch;
    }
  } finally {
    // Whoever stops early must not leave a read behind that fails with nobody to hear it.
    await next?.catch(() => {});
  }
}
