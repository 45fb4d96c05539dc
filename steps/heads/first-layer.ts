import { encodeGraph } from "../onnx/graph.ts";
import { openSession } from "../onnx/session.ts";
import type { Dense } from "./dense.ts";

/**
 * The first layer of a head holds nearly all its weights (100,352 × 256): its
 * products run in the native runtime, on memory that stays where it is.
 */
export interface FirstLayer {
  /** rows × inputs → rows × units, before the activation. The result is overwritten by the next call of as many rows. */
  affine(layer: Dense, x: Float32Array, rows: number): Promise<Float32Array>;
  close(): Promise<void>;
}

export async function openFirstLayer(inputs: number, units: number): Promise<FirstLayer> {
  const session = await openSession(forwardGraph(inputs, units));
  const results = new Map<number, Float32Array>();
  return {
    async affine({ kernel, bias }, x, rows) {
      const data = results.get(rows) ?? new Float32Array(rows * units);
      results.set(rows, data);
      await session.run(
        {
          x: { type: "float32", dims: [rows, inputs], data: x.subarray(0, rows * inputs) },
          kernel: { type: "float32", dims: [inputs, units], data: kernel },
          bias: { type: "float32", dims: [units], data: bias },
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
    name: "affine",
    nodes: [{ op: "Gemm", inputs: ["x", "kernel", "bias"], outputs: ["y"] }],
    initializers: [],
    inputs: [
      { name: "x", type: "float32", dims: ["N", inputs] },
      { name: "kernel", type: "float32", dims: [inputs, units] },
      { name: "bias", type: "float32", dims: [units] },
    ],
    outputs: [{ name: "y", type: "float32", dims: ["N", units] }],
  });
}

/** Momentum SGD on the kernel of the first layer: V ← m·V + Xᵀ·δ, W ← W + V, where δ carries −learning rate. */
export interface KernelUpdate {
  /** Replaces `state.kernel` and `state.velocity`. `x`: rows × inputs; `delta`: rows × units. */
  apply(state: KernelState, x: Float32Array, delta: Float32Array, rows: number): Promise<void>;
  close(): Promise<void>;
}

/** Both inputs × units; the arrays are swapped with spare ones at every update. */
export interface KernelState {
  kernel: Float32Array;
  velocity: Float32Array;
}

export async function openKernelUpdate(
  inputs: number,
  units: number,
  momentum: number,
): Promise<KernelUpdate> {
  const session = await openSession(updateGraph(inputs, units, momentum));
  // The runtime must not write what it reads: two sets of arrays take turns.
  let spare: KernelState = {
    kernel: new Float32Array(inputs * units),
    velocity: new Float32Array(inputs * units),
  };
  const dims = [inputs, units];
  return {
    async apply(state, x, delta, rows) {
      await session.run(
        {
          x: { type: "float32", dims: [rows, inputs], data: x.subarray(0, rows * inputs) },
          delta: { type: "float32", dims: [rows, units], data: delta.subarray(0, rows * units) },
          velocity: { type: "float32", dims, data: state.velocity },
          kernel: { type: "float32", dims, data: state.kernel },
        },
        {
          newVelocity: { type: "float32", dims, data: spare.velocity },
          newKernel: { type: "float32", dims, data: spare.kernel },
        },
      );
      const { kernel, velocity } = state;
      Object.assign(state, spare);
      spare = { kernel, velocity };
    },
    close: () => session.close(),
  };
}

function updateGraph(inputs: number, units: number, momentum: number): Uint8Array {
  const matrix = (name: string) => ({ name, type: "float32" as const, dims: [inputs, units] });
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
      { name: "x", type: "float32", dims: ["N", inputs] },
      { name: "delta", type: "float32", dims: ["N", units] },
      matrix("velocity"),
      matrix("kernel"),
    ],
    outputs: [matrix("newVelocity"), matrix("newKernel")],
  });
}
