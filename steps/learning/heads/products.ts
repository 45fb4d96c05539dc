import { encodeGraph, type GraphNode, type ValueInfo } from "../../compute/onnx/graph.ts";
import { openSession } from "../../compute/onnx/session.ts";
import type { Dense } from "./dense.ts";

/** Products with a large kernel, in the native runtime, on memory that stays where it is. */
export interface Products {
  /**
   * rows × inputs → rows × units, without the bias.
   *
   * @param kernel inputs × units.
   * @returns memory that is used again by the next call of as many rows.
   */
  products(kernel: Float32Array, x: Float32Array, rows: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** The way back through such a kernel. */
export interface ProductsBack {
  /**
   * rows × units → rows × inputs, multiplied by the slopes at the inputs.
   *
   * @returns memory that is used again by the next call of as many rows.
   */
  products(
    kernel: Float32Array,
    delta: Float32Array,
    slopes: Float32Array,
    rows: number,
  ): Promise<Float32Array>;
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

export async function openProducts(inputs: number, units: number): Promise<Products> {
  const kernel: ValueInfo = { name: "kernel", type: "float32", dims: [inputs, units] };
  const session = await openSession(
    graphOf([{ op: "Gemm", inputs: ["x", "kernel"], outputs: ["y"] }], [rowsOf("x", inputs), kernel], units),
  );
  const memory = memoryByRows(units);
  return {
    async products(kernel, x, rows) {
      const data = memory(rows);
      await session.run(
        {
          x: { type: "float32", dims: [rows, inputs], data: x.subarray(0, rows * inputs) },
          kernel: { type: "float32", dims: [inputs, units], data: kernel },
        },
        { y: { type: "float32", dims: [rows, units], data } },
      );
      return data;
    },
    close: () => session.close(),
  };
}

export async function openProductsBack(inputs: number, units: number): Promise<ProductsBack> {
  const nodes = [
    { op: "Gemm", inputs: ["delta", "kernel"], outputs: ["back"], attributes: { transB: { int: 1 } } },
    { op: "Mul", inputs: ["back", "slopes"], outputs: ["y"] },
  ];
  const kernel: ValueInfo = { name: "kernel", type: "float32", dims: [inputs, units] };
  const session = await openSession(
    graphOf(nodes, [rowsOf("delta", units), rowsOf("slopes", inputs), kernel], inputs),
  );
  const memory = memoryByRows(inputs);
  return {
    async products(kernel, delta, slopes, rows) {
      const data = memory(rows);
      await session.run(
        {
          delta: { type: "float32", dims: [rows, units], data: delta.subarray(0, rows * units) },
          slopes: { type: "float32", dims: [rows, inputs], data: slopes },
          kernel: { type: "float32", dims: [inputs, units], data: kernel },
        },
        { y: { type: "float32", dims: [rows, inputs], data } },
      );
      return data;
    },
    close: () => session.close(),
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

function rowsOf(name: string, width: number): ValueInfo {
  return { name, type: "float32", dims: ["N", width] };
}

function graphOf(nodes: readonly GraphNode[], inputs: readonly ValueInfo[], width: number): Uint8Array {
  return encodeGraph({ name: "products", nodes, initializers: [], inputs, outputs: [rowsOf("y", width)] });
}
