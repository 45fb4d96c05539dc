import { encodeGraph } from "../../compute/onnx/graph.ts";
import { type NumberArray, openSession } from "../../compute/onnx/session.ts";

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

/** Momentum SGD on the kernel of the first layer: V ← m·V + Xᵀ·δ, W ← W + V, where δ carries −learning rate. */
export interface KernelUpdate {
  /** Changes `kernel` and `velocity` (inputs × units) in place. `x`: rows × inputs; `delta`: rows × units. */
  apply(update: Update): Promise<void>;
  close(): Promise<void>;
}

export interface Update {
  readonly kernel: Float32Array;
  readonly velocity: Float32Array;
  readonly x: Float32Array;
  readonly delta: Float32Array;
  readonly rows: number;
}

/** Rows of the kernel that are moved at a time: small enough that both its tiles stay in the processor's cache. */
const TILE = 2048;

export async function openKernelUpdate(
  inputs: number,
  units: number,
  momentum: number,
): Promise<KernelUpdate> {
  const session = await openSession(updateGraph(units, momentum));
  let tile = new Float32Array(0);
  return {
    async apply({ kernel, velocity, x, delta, rows }) {
      if (tile.length < rows * TILE) tile = new Float32Array(rows * TILE);
      for (let at = 0; at < inputs; at += TILE) {
        const width = Math.min(TILE, inputs - at);
        for (let row = 0; row < rows; row++) {
          tile.set(x.subarray(row * inputs + at, row * inputs + at + width), row * width);
        }
        // The results are written over what they are made of, which both operators allow.
        const matrix = (whole: Float32Array): NumberArray => {
          return {
            type: "float32",
            dims: [width, units],
            data: whole.subarray(at * units, (at + width) * units),
          };
        };
        await session.run(
          {
            x: { type: "float32", dims: [rows, width], data: tile.subarray(0, rows * width) },
            delta: { type: "float32", dims: [rows, units], data: delta.subarray(0, rows * units) },
            velocity: matrix(velocity),
            kernel: matrix(kernel),
          },
          { newVelocity: matrix(velocity), newKernel: matrix(kernel) },
        );
      }
    },
    close: () => session.close(),
  };
}

function updateGraph(units: number, momentum: number): Uint8Array {
  const matrix = (name: string) => ({ name, type: "float32" as const, dims: ["T", units] });
  return encodeGraph({
    name: "momentum",
    nodes: [
      {
        op: "Gemm",
        inputs: ["x", "delta", "velocity"],
        outputs: ["newVelocity"],
        attributes: { transA: { int: 1 }, beta: { float: momentum } },
      },
      { op: "Add", inputs: ["kernel", "newVelocity"], outputs: ["newKernel"] },
    ],
    initializers: [],
    inputs: [
      { name: "x", type: "float32", dims: ["N", "T"] },
      { name: "delta", type: "float32", dims: ["N", units] },
      matrix("velocity"),
      matrix("kernel"),
    ],
    outputs: [matrix("newVelocity"), matrix("newKernel")],
  });
}
