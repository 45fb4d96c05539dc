import type { GraphNode } from "../../compute/onnx/graph.ts";

/** How an optimizer moves weights: small arrays by a loop, the first kernel by a graph in the runtime. */
export interface Rule {
  /** What is remembered of earlier gradients, in the shapes of the weights. */
  readonly memory: readonly Memory[];
  /**
   * What `RuleStep.move` does, for a part of the first kernel: from `x` (rows ×
   * part), `delta` (rows × units), `kernel` and what is remembered to `newKernel`
   * and `newVelocity` or `newSquare`. Results are written over what they are
   * made of: all that reads it has to stand before.
   */
  readonly nodes: readonly GraphNode[];
  /** @param step counted from 0, since training began. */
  at(rate: number, step: number): RuleStep;
}

/** `velocity` sums gradients or is their running mean, `square` is the running mean of their squares. */
export type Memory = "velocity" | "square";

export interface RuleStep {
  /** By what `delta` is multiplied before it goes into the graph. */
  readonly scale: number;
  /** What the graph takes by name beside the arrays; the names are the same at every step. */
  readonly numbers: Readonly<Record<string, number>>;
  move(arrays: Moved, gradient: Float32Array | Float64Array): void;
}

/** Arrays of one length, changed in place. */
export interface Moved extends Partial<Readonly<Record<Memory, Float32Array>>> {
  readonly weights: Float32Array;
}

/** The operators of a rule in short: `node("Mul", ["a", "b"], "c")` is c = a · b. */
export function node(op: string, inputs: readonly string[], output: string): GraphNode {
  return { op, inputs, outputs: [output] };
}

/** The gradient of the kernel's part: xᵀ · delta. */
export const gradientNode: GraphNode = {
  ...node("Gemm", ["x", "delta"], "gradient"),
  attributes: { transA: { int: 1 } },
};

/** Decoupled weight decay, `faded` = kernel − kernel · fade; a factor 1 − fade would round most of a small one away. */
export const fadeNodes: readonly GraphNode[] = [
  node("Mul", ["kernel", "fade"], "lost"),
  node("Sub", ["kernel", "lost"], "faded"),
];
