import { encodeGraph } from "../../compute/onnx/graph.ts";
import { openSession } from "../../compute/onnx/session.ts";

/**
 * The first layer of a head holds nearly all its weights (100,352 × 256): its
 * products run in the native runtime, on memory that stays where it is.
 */
export interface FirstLayer {
  /**
   * rows × inputs → rows × units, without the bias.
   *
   * @param kernel inputs × units.
   * @returns memory that is used again by the next call of as many rows.
   */
  products(kernel: Float32Array, x: Float32Array, rows: number): Promise<Float32Array>;
  close(): Promise<void>;
}

export async function openFirstLayer(inputs: number, units: number): Promise<FirstLayer> {
  const session = await openSession(forwardGraph(inputs, units));
  const results = new Map<number, Float32Array>();
  return {
    async products(kernel, x, rows) {
      const data = results.get(rows) ?? new Float32Array(rows * units);
      results.set(rows, data);
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

function forwardGraph(inputs: number, units: number): Uint8Array {
  return encodeGraph({
    name: "products",
    nodes: [{ op: "Gemm", inputs: ["x", "kernel"], outputs: ["y"] }],
    initializers: [],
    inputs: [
      { name: "x", type: "float32", dims: ["N", inputs] },
      { name: "kernel", type: "float32", dims: [inputs, units] },
    ],
    outputs: [{ name: "y", type: "float32", dims: ["N", units] }],
  });
}
