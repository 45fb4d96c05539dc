import type { Kernel, KernelOptions } from "./kernel.ts";

/**
 * Where matrices are multiplied and moved: one of several libraries, which agree
 * but for rounding. All matrices are float32, row-major.
 */
export interface LinearAlgebra {
  /** What computes, for people: "cpu", or with the name of a card. */
  readonly device: string;
  openProducts(): Products;
  openKernel(options: KernelOptions): Promise<Kernel>;
  /** After all that it opened was closed. */
  close(): Promise<void>;
}

/** Products of matrices in memory. Of results the first m × n values are written, over none of what is multiplied. */
export interface Products {
  /** m × k times the transpose of n × k. */
  timesTransposed(a: Float32Array, b: Float32Array, sizes: Sizes, into: Float32Array): Promise<void>;
  /** m × k times k × n. */
  times(a: Float32Array, b: Float32Array, sizes: Sizes, into: Float32Array): Promise<void>;
  /** The transpose of k × m times k × n, added to `into`. */
  addTransposedTimes(a: Float32Array, b: Float32Array, sizes: Sizes, into: Float32Array): Promise<void>;
  /** Takes a matrix into the runtime, rows × columns; until it is closed its values must not change. */
  hold(values: Float32Array, columns: number): Promise<Held>;
  close(): Promise<void>;
}

export interface Sizes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** A matrix that stays in the runtime. */
export interface Held {
  /**
   * Some of its rows times a matrix.
   *
   * @param rows which, in this order; one may come twice.
   * @param b columns × n.
   * @param into count of rows × n.
   */
  rowsTimes(rows: Int32Array, b: Float32Array, n: number, into: Float32Array): Promise<void>;
  close(): Promise<void>;
}
