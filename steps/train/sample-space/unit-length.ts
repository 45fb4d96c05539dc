import type { Rows } from "../method.ts";
import type { Matrices } from "./matrices.ts";

/** Squares of lengths that float32 holds with all their digits. */
const SURE = { least: 1e-30, most: 1e30 } as const;

/**
 * By what rows are multiplied to be of length 1, as `normalize: l2` has them: from
 * their products with themselves.
 *
 * @returns 0 for a row of zeros; `undefined` where lengths are so small or so large that products do not tell them.
 */
export async function factorsOf(
  squares: Float32Array,
  rows: Rows,
  positions: Int32Array,
): Promise<Float64Array | undefined> {
  const factors = new Float64Array(squares.length);
  for (const [at, square] of squares.entries()) {
    if (square >= SURE.least && square <= SURE.most) factors[at] = 1 / Math.sqrt(square);
    else if (!(await isZero(rows, positions[at] as number))) return undefined;
  }
  return factors;
}

async function isZero(rows: Rows, position: number): Promise<boolean> {
  const row = new Float32Array(rows.rowLength);
  await rows.read([position], row);
  return row.every((value) => value === 0);
}

/** What products of rows come to where rows and columns are of length 1; in place. */
export function toUnitLength({ gram, first }: Matrices, rows: Float64Array, columns: Float64Array): void {
  const units = first.length / rows.length;
  for (let row = 0; row < rows.length; row++) {
    const factor = rows[row] as number;
    for (let at = 0; at < columns.length; at++) {
      const place = row * columns.length + at;
      gram[place] = factor * (columns[at] as number) * (gram[place] as number);
    }
    for (let j = 0; j < units; j++) first[row * units + j] = factor * (first[row * units + j] as number);
  }
}
