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
  /** A and B beside each other, as `form` says: rows × 2 units. */
  readonly pair: N;
  readonly form: Form;
}

/**
 * While steps are taken, A + ahead · B stands in the place of A, and B / speed in that of B. Where
 * nothing but momentum moves a row, the first stays as it is, and of the second only `speed`
 * changes: so a group touches its own rows alone. Plain is ahead = 0, speed = 1.
 */
interface Form {
  ahead: number;
  speed: number;
}

export function newCoordinates<N extends Numbers>(pair: N): Coordinates<N> {
  return { scale: Float64Array.of(1), pair, form: { ahead: 0, speed: 1 } };
}

type Optimizer = GroupOptions<Numbers>["optimizer"];

/** Before steps. With weight decay, which moves all rows at every step, they stay plain. */
export function lean<N extends Numbers>(
  { pair, form }: Coordinates<N>,
  units: number,
  { momentum, nesterov, weightDecay }: Optimizer,
): void {
  if (weightDecay !== 0) return;
  // How far a row goes on with its velocity: m + m² + …; Nesterov's is a step behind.
  form.ahead = ((nesterov ? momentum : 1) * momentum) / (1 - momentum);
  add(pair, units, form.ahead);
}

/** After steps, and before anything else is done with them. */
export function settle<N extends Numbers>({ pair, form }: Coordinates<N>, units: number): void {
  slow(pair, units, form.speed);
  add(pair, units, -form.ahead);
  form.ahead = 0;
  form.speed = 1;
}

/** A + factor · B in the place of A. */
function add<N extends Numbers>(pair: N, units: number, factor: number): void {
  for (let at = 0; at < pair.length; at += 2 * units) {
    for (let j = at; j < at + units; j++)
      pair[j] = (pair[j] as number) + factor * (pair[j + units] as number);
  }
}

/** factor · B in the place of B. */
function slow<N extends Numbers>(pair: N, units: number, factor: number): void {
  for (let at = units; at < pair.length; at += 2 * units) {
    for (let j = at; j < at + units; j++) {
      const slower = factor * (pair[j] as number);
      pair[j] = slower < LEAST && slower > -LEAST ? 0 : slower;
    }
  }
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

/** Below it B / speed is brought back to B: in float32 it would grow without end. */
const SLOWEST = 1e-3;

/** Begins a group. */
export async function openSteps<N extends Numbers>(options: StepsOptions<N>): Promise<Steps<N>> {
  const { coordinates, rows, units, memory } = options;
  const { scale, pair, form } = coordinates;
  await takeProducts(options, pair, 2 * units);
  if (memory.gram.length > 0) pickOwn(options);
  const group = openGroup({ ...options, rows: rows.length });
  return {
    products: group.products,
    step: group.step,
    end() {
      const { alpha, beta, gamma, p, q } = group.moved();
      scale[0] = (scale[0] as number) * alpha;
      if (options.optimizer.weightDecay !== 0) {
        for (let at = 0; at < pair.length; at += 2 * units) {
          for (let j = at; j < at + units; j++)
            pair[j] = alpha * (pair[j] as number) + beta * (pair[j + units] as number);
        }
        slow(pair, units, gamma);
      } else {
        form.speed *= gamma;
        if (form.speed < SLOWEST) {
          slow(pair, units, form.speed);
          form.speed = 1;
        }
      }
      const { ahead, speed } = form;
      for (let at = 0; at < rows.length; at++) {
        const line = (rows[at] as number) * 2 * units;
        for (let j = 0; j < units; j++) {
          const [move, velocity] = [p[at * units + j] as number, q[at * units + j] as number];
          pair[line + j] = (pair[line + j] as number) + move + ahead * velocity;
          pair[line + units + j] = (pair[line + units + j] as number) + velocity / speed;
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
  const { ahead, speed } = coordinates.form;
  const hasVelocity = columns > units;
  for (let at = 0; at < rows.length; at++) {
    const [from, to] = [(rows[at] as number) * units, at * columns];
    for (let j = 0; j < units; j++) {
      const value = (before[to + j] as number) + c * (sample.first[from + j] as number);
      const velocity = hasVelocity ? speed * (before[to + units + j] as number) : 0;
      before[to + j] = value - ahead * velocity;
      if (hasVelocity) before[to + units + j] = velocity;
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
