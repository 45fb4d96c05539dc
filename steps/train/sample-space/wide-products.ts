import type { Products } from "../../compute/linear-algebra.ts";
import type { Strip } from "./strips.ts";

/** Sums of products over strips of columns: of float32, summed in float64. */
export interface WideProducts {
  /** rows × width times width × units, into every `stride`-th number on from `column`. */
  timesKernel(
    strips: readonly Strip[],
    rows: number,
    kernel: Float32Array,
    into: { readonly values: Float32Array; readonly stride: number; readonly column: number },
  ): Promise<void>;
  /** The products of each row with those before it, rows × rows; what lies above is not said. */
  timesEarlier(strips: readonly Strip[], rows: number, into: Float32Array): Promise<void>;
}

/** Rows whose products with those before them are taken at once. */
const BLOCK = 128;

/** @param most rows at a time. */
export function openWideProducts(products: Products, most: number, units: number): WideProducts {
  const memory = sumMemory(lengthOf(most, units));
  return {
    async timesKernel(strips, rows, kernel, { values: into, stride, column }) {
      const sum = await sumOver(strips, memory, rows * units, ({ values, first, width }, part) => {
        const weights = kernel.subarray(first * units, (first + width) * units);
        return products.times(values, weights, { m: rows, k: width, n: units }, part);
      });
      for (let row = 0; row < rows; row++) {
        for (let j = 0; j < units; j++) into[row * stride + column + j] = sum[row * units + j] as number;
      }
    },
    async timesEarlier(strips, rows, into) {
      for (let start = 0; start < rows; start += BLOCK) {
        const m = Math.min(BLOCK, rows - start);
        const n = start + m;
        const sum = await sumOver(strips, memory, m * n, ({ values, width }, part) =>
          products.timesTransposed(values.subarray(start * width), values, { m, k: width, n }, part),
        );
        for (let row = 0; row < m; row++) {
          for (let at = 0; at < n; at++) into[(start + row) * rows + at] = sum[row * n + at] as number;
        }
      }
    },
  };
}

/** Memory for sums of so many numbers at most. */
export interface SumMemory {
  readonly part: Float32Array;
  readonly sum: Float64Array;
}

export function sumMemory(length: number): SumMemory {
  return { part: new Float32Array(length), sum: new Float64Array(length) };
}

/**
 * The sum over strips of what `multiply` writes for each: `count` numbers.
 *
 * @param multiply is told at which position the strip stands.
 * @returns memory that is used again by the next sum.
 */
export async function sumOver(
  strips: readonly Strip[],
  { part, sum }: SumMemory,
  count: number,
  multiply: (strip: Strip, part: Float32Array, at: number) => Promise<void>,
): Promise<Float64Array> {
  sum.fill(0, 0, count);
  for (const [at, strip] of strips.entries()) {
    await multiply(strip, part, at);
    add(sum, part, count);
  }
  return sum;
}

function lengthOf(most: number, units: number): number {
  return most * Math.max(units, BLOCK);
}

/** How many numbers of 32 bits it holds. */
export function numbersOfWide(most: number, units: number): number {
  return 3 * lengthOf(most, units);
}

function add(sum: Float64Array, part: Float32Array, count: number): void {
  for (let at = 0; at < count; at++) sum[at] = (sum[at] as number) + (part[at] as number);
}
