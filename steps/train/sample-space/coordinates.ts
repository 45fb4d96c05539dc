import {
  type Group,
  type GroupMemory,
  type GroupOptions,
  type GroupSizes,
  groupMemory,
  LEAST,
  type Numbers,
  numbersOfGroup,
  openGroup,
} from "./group.ts";

/**
 * The first kernel W and its velocity V, written in all training rows X: after any
 * number of steps of gradient descent with momentum
 *
 *   W = c · W⁰ + Xᵀ·A,  V = Xᵀ·B,
 *
 * so that x·W = c · x·W⁰ + (x·Xᵀ)·A. A and B are rows × units. Steps are taken in
 * groups (see `group.ts`), for which the products with A and B are taken at once.
 */
export interface Coordinates<N extends Numbers = Float32Array> {
  /** c, alone. */
  readonly scale: Float64Array;
  /** A and B beside each other: rows × 2 units. */
  readonly pair: N;
}

/** What is known of rows: those that are trained on, or others. */
export interface Sample<N extends Numbers = Float32Array> {
  /** Their products with the training rows: rows × training rows. */
  readonly gram: N;
  /** The same, where it is multiplied. */
  readonly held: { rowsTimes(rows: Int32Array, b: N, n: number, into: N): Promise<void> };
  /** Their products with W⁰: rows × units. */
  readonly first: N;
}

interface ProductsOptions<N extends Numbers> {
  readonly units: number;
  readonly coordinates: Coordinates<N>;
  readonly sample: Sample<N>;
  /** Which of the sample's rows; those of steps in their order, none twice. */
  readonly rows: Int32Array;
  readonly memory: StepsMemory<N>;
}

export interface StepsOptions<N extends Numbers = Float32Array>
  extends ProductsOptions<N>,
    Pick<GroupOptions<N>, "optimizer" | "products"> {}

/** A group that ends in the coordinates. */
export interface Steps<N extends Numbers> extends Omit<Group<N>, "moved"> {
  /** Writes the group's steps into A and B. */
  end(): void;
}

/** Memory for groups, used by one after the other. */
export interface StepsMemory<N extends Numbers = Float32Array> extends GroupMemory<N> {
  /** A by itself: training rows × units. */
  readonly a: N;
}

export interface StepsSizes extends GroupSizes {
  /** Rows that are trained on. */
  readonly training: number;
}

export function numbersOfSteps(sizes: StepsSizes): number {
  // The products' own copy of the group's rows of the Gram matrix is one of these.
  return numbersOfGroup(sizes) + (sizes.rows + sizes.units) * sizes.training;
}

export function stepsMemory<N extends Numbers>(
  sizes: StepsSizes,
  numbers: (length: number) => N,
): StepsMemory<N> {
  return { ...groupMemory(sizes, numbers), a: numbers(sizes.units * sizes.training) };
}

/** x·W of rows: count × units, used again by the next call. */
export async function productsNow<N extends Numbers>(options: ProductsOptions<N>): Promise<N> {
  const { coordinates, rows, units, memory } = options;
  const { a, before } = memory;
  const { pair } = coordinates;
  for (let from = 0, to = 0; from < pair.length; from += 2 * units, to += units) {
    a.set(pair.subarray(from, from + units), to);
  }
  await takeProducts(options, a, units);
  return before.subarray(0, rows.length * units) as N;
}

/** Begins a group. */
export async function openSteps<N extends Numbers>(options: StepsOptions<N>): Promise<Steps<N>> {
  const { coordinates, rows, units, memory } = options;
  const { scale, pair } = coordinates;
  await takeProducts(options, pair, 2 * units);
  if (memory.gram.length > 0) pickOwn(options);
  const group = openGroup({ ...options, rows: rows.length });
  return {
    products: group.products,
    step: group.step,
    end() {
      const { alpha, beta, gamma, p, q } = group.moved();
      scale[0] = (scale[0] as number) * alpha;
      for (let at = 0; at < pair.length; at += 2 * units) {
        for (let j = at; j < at + units; j++) {
          const velocity = pair[j + units] as number;
          pair[j] = alpha * (pair[j] as number) + beta * velocity;
          const slower = gamma * velocity;
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

/** The products of rows with W, and with as much of V as `right` (training rows × columns) has of B, into `before`. */
async function takeProducts<N extends Numbers>(
  { coordinates, sample, rows, units, memory }: ProductsOptions<N>,
  right: N,
  columns: number,
): Promise<void> {
  const { before } = memory;
  await sample.held.rowsTimes(rows, right, columns, before);
  const c = coordinates.scale[0] as number;
  for (let at = 0; at < rows.length; at++) {
    const [from, to] = [(rows[at] as number) * units, at * columns];
    for (let j = 0; j < units; j++) {
      before[to + j] = (before[to + j] as number) + c * (sample.first[from + j] as number);
    }
  }
}

/** The products of the group's rows with those before them. */
function pickOwn<N extends Numbers>({ coordinates, sample, rows, units, memory }: ProductsOptions<N>): void {
  const { gram } = memory;
  const count = coordinates.pair.length / (2 * units);
  for (let at = 0; at < rows.length; at++) {
    const line = (rows[at] as number) * count;
    for (let column = 0; column < at; column++) {
      gram[at * rows.length + column] = sample.gram[line + (rows[column] as number)] as number;
    }
  }
}
