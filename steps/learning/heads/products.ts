import { memoryByRows } from "../../compute/kernel.ts";
import { openProducts } from "../../compute/onnx/products.ts";
import type { Dense } from "./dense.ts";

/** Products with a large kernel, in a runtime. */
export interface KernelProducts {
  /**
   * rows × inputs → rows × units, without the bias.
   *
   * @returns memory that is used again by the next call of as many rows.
   */
  forward(x: Float32Array, rows: number): Promise<Float32Array>;
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

/** In onnxruntime, with the kernel as it stands. */
export function openKernelProducts({ inputs, units, kernel }: Dense): KernelProducts {
  const products = openProducts();
  const memory = memoryByRows(units);
  return {
    async forward(x, rows) {
      const into = memory(rows);
      await products.times(x, kernel, { m: rows, k: inputs, n: units }, into);
      return into;
    },
    close: () => products.close(),
  };
}
