import { openProducts } from "../../compute/onnx/products.ts";
import type { Dense } from "./dense.ts";

/** Products with a large kernel, in the native runtime, on memory that stays where it is. */
export interface KernelProducts {
  /**
   * rows × inputs → rows × units, without the bias.
   *
   * @param kernel inputs × units.
   * @returns memory that is used again by the next call of as many rows.
   */
  forward(kernel: Float32Array, x: Float32Array, rows: number): Promise<Float32Array>;
  /** The way back: rows × units → rows × inputs, in memory likewise. */
  back(kernel: Float32Array, delta: Float32Array, rows: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Whether a layer above the first is computed in the runtime. Measured, a step of
 * loops over 4096 weights takes twice as long as the runtime's, over 16384 ten
 * times. The first layer always is.
 */
export function isWide({ inputs, units }: Pick<Dense, "inputs" | "units">): boolean {
  return inputs * units >= 8192;
}

export function openKernelProducts(inputs: number, units: number): KernelProducts {
  const products = openProducts();
  const [ahead, behind] = [memoryByRows(units), memoryByRows(inputs)];
  return {
    async forward(kernel, x, rows) {
      const into = ahead(rows);
      await products.times(x, kernel, { m: rows, k: inputs, n: units }, into);
      return into;
    },
    async back(kernel, delta, rows) {
      const into = behind(rows);
      await products.timesTransposed(delta, kernel, { m: rows, k: units, n: inputs }, into);
      return into;
    },
    close: () => products.close(),
  };
}

function memoryByRows(width: number): (rows: number) => Float32Array {
  const results = new Map<number, Float32Array>();
  return (rows) => {
    const data = results.get(rows) ?? new Float32Array(rows * width);
    results.set(rows, data);
    return data;
  };
}
