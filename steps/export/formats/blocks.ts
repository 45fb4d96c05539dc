import type { FeatureRow } from "../../learning/tables/features.ts";
import type { ExportedFeatures } from "../format.ts";

/** Bytes of rows that are in memory at a time. */
const BLOCK_BYTES = 16 << 20;

/** The rows of a split; they stand together in the index. */
export interface SplitRows {
  /** A word that can be a file's name: train, validation or test. */
  readonly split: string;
  readonly rows: readonly FeatureRow[];
  /** Its rows, some at a time, in order. Once. */
  blocks(): AsyncGenerator<Block>;
}

export interface Block {
  /** Of the first row, in the split. */
  readonly at: number;
  readonly rows: readonly FeatureRow[];
  /** rows × length; the next block is read into the same memory. */
  readonly values: Float32Array;
}

/** The splits of features that have rows, in the order of the index. */
export function splitsOf(
  { features, signal, progress }: ExportedFeatures,
  blockBytes = BLOCK_BYTES,
): readonly SplitRows[] {
  const { index, rowLength } = features;
  const size = Math.max(1, Math.floor(blockBytes / (4 * rowLength)));
  const memory = new Float32Array(Math.min(size, index.length) * rowLength);
  let done = 0;
  return [...new Set(index.map(({ split }) => split))].map((split) => {
    const first = index.findIndex((row) => row.split === split);
    const rows = index.filter((row) => row.split === split);
    return {
      split,
      rows,
      async *blocks() {
        for (let at = 0; at < rows.length; at += size) {
          signal.throwIfAborted();
          const some = rows.slice(at, at + size);
          const values = memory.subarray(0, some.length * rowLength);
          await features.read(
            some.map((_, row) => first + at + row),
            values,
          );
          yield { at, rows: some, values };
          done += some.length;
          progress(done);
        }
      },
    };
  });
}
