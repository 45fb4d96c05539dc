import type { KernelNode, KernelRule, KernelStep, Moved } from "../../compute/kernel.ts";

/** How an optimizer moves weights: small arrays by a loop, kernels by nodes in the runtime that do what `RuleStep.move` does. */
export interface Rule extends KernelRule {
  at(rate: number, step: number): RuleStep;
}

export interface RuleStep extends KernelStep {
  move(arrays: Moved, gradient: Float32Array | Float64Array): void;
}

/** The operators of a rule in short: `node("Mul", ["a", "b"], "c")` is c = a · b. */
export function node(op: KernelNode["op"], inputs: readonly string[], output: string): KernelNode {
  return { op, inputs, outputs: [output] };
}

/** The gradient of the kernel's part: xᵀ · delta. */
export const gradientNode: KernelNode = {
  ...node("Gemm", ["x", "delta"], "gradient"),
  attributes: { transA: { int: 1 } },
};

/** Decoupled weight decay, `faded` = kernel − kernel · fade; a factor 1 − fade would round most of a small one away. */
export const fadeNodes: readonly KernelNode[] = [
  node("Mul", ["kernel", "fade"], "lost"),
  node("Sub", ["kernel", "lost"], "faded"),
];
