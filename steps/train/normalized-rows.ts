import { type Normalization, normalize, openStatistics } from "../learning/heads/normalization.ts";
import type { TrainParams } from "./declaration.ts";
import type { Rows } from "./method.ts";

/** Rows that are read together for their statistics. */
const BATCH = 64;

/** What is done to rows; statistics are of those at `training` alone. */
export async function normalizationOf(
  kind: TrainParams["normalize"],
  rows: Rows,
  training: Int32Array,
): Promise<Normalization | undefined> {
  switch (kind) {
    case "none":
      return undefined;
    case "l2":
      return { kind };
    case "standard": {
      const statistics = openStatistics(rows.rowLength);
      const memory = new Float32Array(Math.min(BATCH, training.length) * rows.rowLength);
      for (let at = 0; at < training.length; at += BATCH) {
        const positions = [...training.subarray(at, at + BATCH)];
        await rows.read(positions, memory);
        for (const row of positions.keys()) {
          statistics.add(memory.subarray(row * rows.rowLength, (row + 1) * rows.rowLength));
        }
      }
      return statistics.standard();
    }
    default:
      return kind satisfies never;
  }
}

/** The rows as the head takes them. */
export function normalizedRows(rows: Rows, normalization: Normalization | undefined): Rows {
  if (normalization === undefined) return rows;
  const { rowLength, index } = rows;
  return {
    rowLength,
    index,
    async read(positions, into) {
      await rows.read(positions, into);
      normalize(into.subarray(0, positions.length * rowLength), rowLength, normalization);
    },
  };
}
