import type { Sizes } from "../../compute/linear-algebra.ts";
import type { Sgd } from "../optimizers/optimizer.ts";

/** float32, but where it is shown that in float64 all ways to train agree. */
export type Numbers = Float32Array | Float64Array;

/**
 * A few steps of gradient descent with momentum, written in the rows X that they
 * take. With the kernel and its velocity as they were before, W⁰ and V⁰,
 *
 *   W = α·W⁰ + β·V⁰ + Xᵀ·P,  V = γ·V⁰ + Xᵀ·Q,
 *
 * since a gradient is a sum of rows. So what a step needs is
 * x·W = α·(x·W⁰) + β·(x·V⁰) + (x·Xᵀ)·P: the products with W⁰ and V⁰ are taken once
 * for the whole group, and nothing else in it is as wide as a row. P and Q are
 * rows × units. In exact arithmetic this is the same algorithm.
 */
export interface Group<N extends Numbers> {
  /**
   * x·W for rows of the group, as the steps before have left W.
   *
   * @param from the first of them in the group.
   * @returns count × units; used again by the next call.
   */
  products(from: number, count: number): Promise<N>;
  /** A step along the gradient that `delta` (count × units) is of, at these rows: the ones behind those of the step before. */
  step(from: number, count: number, delta: N, rate: number): void;
  /** Where the steps so far have led. */
  moved(): Moved<N>;
}

/** What became of W⁰ and V⁰. */
export interface Moved<N extends Numbers = Float32Array> {
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
  /** rows × units. */
  readonly p: N;
  readonly q: N;
}

export interface GroupOptions<N extends Numbers = Float32Array> {
  readonly optimizer: Pick<Sgd, "momentum" | "nesterov" | "weightDecay">;
  readonly products: { times(a: N, b: N, sizes: Sizes, into: N): Promise<void> };
  readonly rows: number;
  readonly units: number;
  /** Holds x·W⁰ and x·V⁰ beside each other, and the products of the rows with each other where steps follow each other. */
  readonly memory: GroupMemory<N>;
}

/** Memory for groups of so many rows, used by one after the other. */
export interface GroupMemory<N extends Numbers = Float32Array> {
  /** rows × 2 units. */
  readonly before: N;
  /** rows × rows, of which each row's products with those before it are looked at. */
  readonly gram: N;
  readonly within: N;
  readonly small: N;
  readonly result: N;
  readonly p: N;
  readonly q: N;
}

export interface GroupSizes {
  /** Rows of a step. */
  readonly batch: number;
  /** Rows of the group. */
  readonly rows: number;
  readonly units: number;
}

/** Numbers below float32's normal range make every product that meets them many times slower: they count as zero. */
export const LEAST = 1e-37;

/** Rows whose large products are taken at once. */
const MOST = 512;

/** Whole batches, at least one; never more rows than there are. */
export function rowsOfGroup(batch: number, rows: number): number {
  return Math.min(Math.max(1, Math.floor(MOST / batch)) * batch, rows);
}

function lengthsOf({ batch, rows, units }: GroupSizes): Readonly<Record<keyof GroupMemory, number>> {
  const small = rows * units;
  // A batch has nothing before it in its group where it is alone.
  const [gram, within] = rows > batch ? [rows * rows, batch * rows] : [0, 0];
  return { before: 2 * small, gram, within, small, result: small, p: small, q: small };
}

/** How many numbers that is. */
export function numbersOfGroup(sizes: GroupSizes): number {
  return Object.values(lengthsOf(sizes)).reduce((sum, length) => sum + length, 0);
}

export function groupMemory<N extends Numbers>(
  sizes: GroupSizes,
  numbers: (length: number) => N,
): GroupMemory<N> {
  const lengths = lengthsOf(sizes);
  return {
    before: numbers(lengths.before),
    gram: numbers(lengths.gram),
    within: numbers(lengths.within),
    small: numbers(lengths.small),
    result: numbers(lengths.result),
    p: numbers(lengths.p),
    q: numbers(lengths.q),
  };
}

export function openGroup<N extends Numbers>(options: GroupOptions<N>): Group<N> {
  const { products, rows, units, memory } = options;
  const { before, gram, within, small, result, p, q } = memory;
  p.fill(0, 0, rows * units);
  q.fill(0, 0, rows * units);
  let [alpha, beta, gamma] = [1, 0, 1];
  /** Rows of P and Q that are not zero. */
  let taken = 0;
  return {
    async products(from, count) {
      if (taken > 0) {
        for (let row = 0; row < count; row++) {
          const line = (from + row) * rows;
          within.set(gram.subarray(line, line + taken), row * taken);
        }
        await products.times(within, p, { m: count, k: taken, n: units }, small);
      }
      // Of a closure, numbers that change are slow to get at.
      const [a, b, isFirst] = [alpha, beta, taken === 0];
      for (let row = 0; row < count; row++) {
        const line = (from + row) * 2 * units;
        const to = row * units;
        for (let j = 0; j < units; j++) {
          const sum = a * (before[line + j] as number) + b * (before[line + units + j] as number);
          result[to + j] = isFirst ? sum : sum + (small[to + j] as number);
        }
      }
      return result.subarray(0, count * units) as N;
    },
    step(from, count, delta, rate) {
      const { momentum, nesterov, weightDecay } = options.optimizer;
      const keep = 1 - rate * weightDecay;
      alpha *= keep;
      beta *= keep;
      gamma *= momentum;
      beta += nesterov ? momentum * gamma : gamma;
      const [first, end] = [from * units, (from + count) * units];
      const ahead = nesterov ? momentum : 1;
      for (let at = 0; at < first; at++) {
        const speed = momentum * (q[at] as number);
        q[at] = speed;
        p[at] = keep * (p[at] as number) + ahead * speed;
      }
      for (let at = first; at < end; at++) {
        const down = rate * (delta[at - first] as number);
        q[at] = -down;
        p[at] = nesterov ? -momentum * down - down : -down;
      }
      taken = from + count;
    },
    moved: () => ({ alpha, beta, gamma, p, q }),
  };
}
