import type { Sizes } from "../../compute/onnx/products.ts";
import type { Sgd } from "../optimizers/optimizer.ts";

/**
 * The first kernel W and its velocity V, written in the training rows X: after any
 * number of steps of gradient descent with momentum
 *
 *   W = c · W⁰ + Xᵀ·A,  V = Xᵀ·B,
 *
 * since a gradient is a sum of rows. So the products that a step needs are
 * x·W = c · x·W⁰ + (x·Xᵀ)·A: nothing in it is as wide as a row. In exact
 * arithmetic this is the same algorithm. A and B are rows × units.
 *
 * Steps are taken in groups. Within one, with A⁰ and B⁰ as they were before it,
 *
 *   A = α·A⁰ + β·B⁰ + P,  B = γ·B⁰ + Q,
 *
 * where P and Q are not zero only in the rows of the group: the large products with
 * A⁰ and B⁰ are taken once for the whole group.
 */
export interface Coordinates<N extends Numbers = Float32Array> {
  /** c, alone. */
  readonly scale: Float64Array;
  /** A and B beside each other: rows × 2 units. */
  readonly pair: N;
}

/** float32, but where it is shown that in float64 both ways to train agree. */
export type Numbers = Float32Array | Float64Array;

/** What is known of rows: those that are trained on, or others. */
export interface Sample<N extends Numbers = Float32Array> {
  /** Their products with the training rows: rows × training rows. */
  readonly gram: N;
  /** Their products with W⁰: rows × units. */
  readonly first: N;
  readonly units: number;
}

export interface Group<N extends Numbers> {
  /**
   * x·W for rows of the group, as the steps before have left W.
   *
   * @param from the first of them in the group.
   * @returns count × units; used again by the next call.
   */
  products(from: number, count: number): Promise<N>;
  /** A step along the gradient that `delta` (count × units) is of, at these rows. */
  step(from: number, count: number, delta: N, rate: number): void;
  /** Writes the group's steps into A and B. */
  end(): void;
}

export interface GroupOptions<N extends Numbers = Float32Array> {
  readonly optimizer: Pick<Sgd, "momentum" | "nesterov" | "weightDecay">;
  readonly coordinates: Coordinates<N>;
  readonly sample: Sample<N>;
  readonly products: { times(a: N, b: N, sizes: Sizes, into: N): Promise<void> };
  /** Which rows the group takes, in order; none twice. */
  readonly rows: Int32Array;
  readonly memory: GroupMemory<N>;
}

/** Memory for groups of so many rows, used by one after the other. */
export interface GroupMemory<N extends Numbers = Float32Array> {
  readonly gram: N;
  readonly large: N;
  readonly within: N;
  readonly small: N;
  readonly result: N;
  readonly p: N;
  readonly q: N;
}

export interface GroupSizes {
  /** Rows of a step. */
  readonly batch: number;
  /** That are trained on. */
  readonly rows: number;
  readonly units: number;
}

/** Rows whose large products are taken at once. */
const GROUP_ROWS = 512;

/** Whole batches, at least one; never more rows than there are. */
export function rowsOfGroup({ batch, rows }: Pick<GroupSizes, "batch" | "rows">): number {
  return Math.min(Math.max(1, Math.floor(GROUP_ROWS / batch)) * batch, rows);
}

function lengthsOf(sizes: GroupSizes): Readonly<Record<keyof GroupMemory, number>> {
  const most = rowsOfGroup(sizes);
  const { batch, rows, units } = sizes;
  const small = most * units;
  // A batch has nothing before it in its group where it is alone.
  const within = most > batch ? batch * most : 0;
  return { gram: most * rows, large: 2 * small, within, small, result: small, p: small, q: small };
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
    gram: numbers(lengths.gram),
    large: numbers(lengths.large),
    within: numbers(lengths.within),
    small: numbers(lengths.small),
    result: numbers(lengths.result),
    p: numbers(lengths.p),
    q: numbers(lengths.q),
  };
}

/** Numbers below float32's normal range make every product that meets them many times slower. */
const LEAST = 1e-37;

/** Begins a group: takes the large products. */
export async function openGroup<N extends Numbers>(options: GroupOptions<N>): Promise<Group<N>> {
  const { coordinates, sample, products, rows, memory } = options;
  const { units } = sample;
  const { scale } = coordinates;
  /** Columns: what A and B have a row for. */
  const count = coordinates.pair.length / (2 * units);
  const { gram, large, within, small, result, p, q } = memory;
  for (const [at, row] of rows.entries()) {
    gram.set(sample.gram.subarray(row * count, (row + 1) * count), at * count);
  }
  await products.times(gram, coordinates.pair, { m: rows.length, k: count, n: 2 * units }, large);
  p.fill(0, 0, rows.length * units);
  q.fill(0, 0, rows.length * units);
  let [alpha, beta, gamma] = [1, 0, 1];
  /** Rows of P and Q that are not zero. */
  let taken = 0;
  return {
    async products(from, length) {
      if (taken > 0) {
        for (let row = 0; row < length; row++) {
          const line = (from + row) * count;
          for (let at = 0; at < taken; at++)
            within[row * taken + at] = gram[line + (rows[at] as number)] as number;
        }
        await products.times(within, p, { m: length, k: taken, n: units }, small);
      }
      // Of a closure, numbers that change are slow to get at.
      const [c, a, b, isFirst] = [scale[0] as number, alpha, beta, taken === 0];
      for (let row = 0; row < length; row++) {
        const first = (rows[from + row] as number) * units;
        const line = (from + row) * 2 * units;
        const to = row * units;
        for (let j = 0; j < units; j++) {
          const sum =
            c * (sample.first[first + j] as number) +
            a * (large[line + j] as number) +
            b * (large[line + units + j] as number);
          result[to + j] = isFirst ? sum : sum + (small[to + j] as number);
        }
      }
      return result.subarray(0, length * units) as N;
    },
    step(from, length, delta, rate) {
      const { momentum, nesterov, weightDecay } = options.optimizer;
      const keep = 1 - rate * weightDecay;
      scale[0] = (scale[0] as number) * keep;
      alpha *= keep;
      beta *= keep;
      gamma *= momentum;
      beta += nesterov ? momentum * gamma : gamma;
      taken = Math.max(taken, from + length);
      const [first, end] = [from * units, (from + length) * units];
      const most = taken * units;
      for (let at = 0; at < most; at++) {
        let speed = momentum * (q[at] as number);
        let move = nesterov ? momentum * speed : speed;
        if (at >= first && at < end) {
          const down = rate * (delta[at - first] as number);
          speed -= down;
          move = nesterov ? momentum * speed - down : speed;
        }
        q[at] = speed;
        p[at] = keep * (p[at] as number) + move;
      }
    },
    end() {
      const { pair } = coordinates;
      const [a, b, c] = [alpha, beta, gamma];
      for (let at = 0; at < pair.length; at += 2 * units) {
        for (let j = at; j < at + units; j++) {
          const velocity = pair[j + units] as number;
          pair[j] = a * (pair[j] as number) + b * velocity;
          const slower = c * velocity;
          pair[j + units] = slower < LEAST && slower > -LEAST ? 0 : slower;
        }
      }
      for (const [at, row] of rows.entries()) {
        for (let j = 0; j < units; j++) {
          const to = row * 2 * units + j;
          pair[to] = (pair[to] as number) + (p[at * units + j] as number);
          pair[to + units] = (pair[to + units] as number) + (q[at * units + j] as number);
        }
      }
    },
  };
}
