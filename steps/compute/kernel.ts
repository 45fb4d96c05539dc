import type { GraphNode } from "./onnx/graph.ts";

/** A layer's kernel, inputs × units, and what an optimizer remembers of it, where they live in a runtime. */
export interface Kernel {
  /**
   * rows × inputs → rows × units, without the bias.
   *
   * @param x must not change before `move`.
   * @returns memory that is used again by the next call of as many rows.
   */
  forward(x: Float32Array, rows: number): Promise<Float32Array>;
  /**
   * The way back of the rows that went forward last: rows × units → rows × inputs,
   * in memory likewise.
   */
  back(delta: Float32Array): Promise<Float32Array>;
  /**
   * Moves the kernel along the gradient of the rows that went forward last.
   *
   * @param delta the gradient of the mean loss at what `forward` gave. Overwritten.
   */
  move(delta: Float32Array, step: KernelStep): Promise<void>;
  /** Brings the arrays up to date. */
  read(): Promise<void>;
  /** Goes on from what is in the arrays. */
  write(): Promise<void>;
  close(): Promise<void>;
}

export interface KernelOptions {
  readonly inputs: number;
  readonly units: number;
  /** Where the kernel comes from and is brought to, each inputs × units; it may live there. */
  readonly arrays: Moved;
  readonly rule: KernelRule;
}

/** Arrays of one length, changed in place. */
export interface Moved extends Partial<Readonly<Record<Memory, Float32Array>>> {
  readonly weights: Float32Array;
}

/** `velocity` sums gradients or is their running mean, `square` is the running mean of their squares. */
export type Memory = "velocity" | "square";

/** How a kernel is moved. */
export interface KernelRule {
  /** What is remembered of earlier gradients, in the shapes of the weights. */
  readonly memory: readonly Memory[];
  /**
   * A step, for a part of the kernel: from `x` (rows × part), `delta` (rows ×
   * units), `kernel`, what is remembered, and numbers, to `newKernel` and
   * `newVelocity` or `newSquare`. Results are written over what they are
   * made of: all that reads it has to stand before.
   */
  readonly nodes: readonly KernelNode[];
  /** @param step counted from 0, since training began. */
  at(rate: number, step: number): KernelStep;
}

/** An operator in ONNX' vocabulary; Gemm has `transA`, and `beta` where something is added. */
export interface KernelNode extends GraphNode {
  readonly op: "Gemm" | "Add" | "Sub" | "Mul" | "Div" | "Sqrt";
}

export interface KernelStep {
  /** By what `delta` is multiplied before it goes into the nodes. */
  readonly scale: number;
  /** What the nodes take by name beside the arrays; the names are the same at every step. */
  readonly numbers: Readonly<Record<string, number>>;
}

/**
 * Rows of a kernel that are moved at a time. Small enough that onnxruntime's stay in
 * the processor's cache; of TensorFlow's, which are made anew at each step, the memory is used
 * again at once.
 */
export const tileRows = { onnxruntime: 2048, tensorflow: 4096 } as const;

interface KernelSizes {
  readonly inputs: number;
  readonly units: number;
  /** Rows of a step. */
  readonly rows: number;
  /** The kernel, and what is remembered of it. */
  readonly arrays: number;
}

/** About how many numbers a kernel takes, with its arrays. */
export function numbersOfKernel(runtime: keyof typeof tileRows, sizes: KernelSizes): number {
  const { inputs, units, rows, arrays } = sizes;
  const tile = tileRows[runtime];
  const all = arrays * inputs * units;
  // A tile of the rows, and what a rule makes of its own.
  if (runtime === "onnxruntime") return all + tile * (rows + 4 * units);
  // All is there twice, and the rows whole and in tiles; a rule makes a tensor of every node.
  return 2 * all + 2 * rows * inputs + tile * 14 * units;
}

/** What the nodes call an array, and what comes of it. */
export const nodeNames = {
  weights: ["kernel", "newKernel"],
  velocity: ["velocity", "newVelocity"],
  square: ["square", "newSquare"],
} as const satisfies Readonly<Record<keyof Moved, readonly [string, string]>>;

/** The arrays of a rule, the weights first. @throws Error where one is missing. */
export function arraysOfRule(
  { memory }: Pick<KernelRule, "memory">,
  arrays: Moved,
): readonly (readonly [name: keyof Moved, array: Float32Array])[] {
  return (["weights", ...memory] as const).map((name) => {
    const array = arrays[name];
    if (array === undefined) throw new Error(`the optimizer remembers a ${name}, which is missing`);
    return [name, array];
  });
}

/** Multiplies what goes into a step, in place. */
export function scale(delta: Float32Array, by: number): void {
  for (let at = 0; at < delta.length; at++) delta[at] = by * (delta[at] as number);
}

/** Memory for results of a width, one for each count of rows. */
export function memoryByRows(width: number): (rows: number) => Float32Array {
  const results = new Map<number, Float32Array>();
  return (rows) => {
    const data = results.get(rows) ?? new Float32Array(rows * width);
    results.set(rows, data);
    return data;
  };
}
