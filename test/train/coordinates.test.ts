import { expect, test } from "vitest";
import type { Sizes } from "../../steps/compute/linear-algebra.ts";
import { type RandomStream, randomStream } from "../../steps/compute/random.ts";
import {
  lean,
  newCoordinates,
  openSteps,
  settle,
  stepsMemory,
} from "../../steps/train/sample-space/coordinates.ts";
import { groupMemory, openGroup, rowsOfGroup } from "../../steps/train/sample-space/group.ts";
import { foldGroup } from "../../steps/train/sample-space/windows.ts";

// In float64 both ways to train agree to the last digits: they are one algorithm.
// The head is softmax regression, whose loss has a gradient of one line.

const units = 3;
const rows = 37;
const width = 12;

interface Case {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly batch: number;
  /** Batches that are a group. */
  readonly groupOf: number;
  readonly seed: number;
}

function drawn(seed: number): Case {
  const random = randomStream(seed, "case");
  return {
    momentum: random.below(3) === 0 ? 0 : random.uniform() * 0.95,
    nesterov: random.below(2) === 1,
    weightDecay: random.below(2) === 0 ? 0 : random.uniform() * 0.3,
    batch: 1 + random.below(20),
    groupOf: 1 + random.below(6),
    seed,
  };
}

test.each(Array.from({ length: 40 }, (_, seed) => drawn(seed)))(
  "a hundred steps in the coordinates of the rows are those of the weights: $momentum, $nesterov, $weightDecay, $batch, $groupOf",
  async (how) => {
    const random = randomStream(how.seed, "numbers");
    const x = matrix(random, rows * width);
    const first = matrix(random, width * units);
    const labels = Array.from({ length: rows }, () => random.below(units));
    const classWeights = Array.from({ length: units }, () => 0.5 + random.uniform());
    const order = (): number[] => shuffled(random);

    const kernel = Float64Array.from(first);
    const velocity = new Float64Array(width * units);
    const coordinates = newCoordinates(new Float64Array(rows * 2 * units));
    const gram = times(x, transposed(x, rows, width), { m: rows, k: width, n: rows });
    const sample = {
      gram,
      held: {
        async rowsTimes(taken: Int32Array, b: Float64Array, n: number, into: Float64Array) {
          into.set(times(picked(gram, [...taken], rows), b, { m: taken.length, k: rows, n }));
        },
      },
      first: times(x, first, { m: rows, k: width, n: units }),
    };
    const most = Math.min(rowsOfGroup(how.batch, rows), how.batch * how.groupOf);
    const sizes = { batch: how.batch, rows: most, units, training: rows };
    const memory = stepsMemory(sizes, (length) => new Float64Array(length));
    const window = {
      kernel: Float64Array.from(first),
      velocity: new Float64Array(width * units),
      memory: groupMemory(sizes, (length) => new Float64Array(length)),
    };

    for (let step = 0; step < 100; ) {
      const epoch = order();
      lean(coordinates, units, how);
      for (let start = 0; start < rows; start += most) {
        const taken = Int32Array.from(epoch.slice(start, start + most));
        const shared = { optimizer: how, products, units };
        const group = await openSteps({ ...shared, coordinates, sample, rows: taken, memory });
        const mine = picked(x, [...taken], width);
        beside(window, mine, taken.length);
        const other = openGroup({ ...shared, rows: taken.length, memory: window.memory });
        for (let from = 0; from < taken.length; from += how.batch) {
          const batch = [...taken.subarray(from, from + how.batch)];
          const rate = 0.3 / (1 + 0.01 * step++);
          const here = await group.products(from, batch.length);
          const there = times(picked(x, batch, width), kernel, { m: batch.length, k: width, n: units });
          expect(furthest(here, there)).toBeLessThan(1e-12);
          expect(furthest(await other.products(from, batch.length), there)).toBeLessThan(1e-12);
          const delta = gradientAt(there, batch, { labels, classWeights });
          group.step(from, batch.length, gradientAt(here, batch, { labels, classWeights }), rate);
          other.step(from, batch.length, delta, rate);
          move(
            { kernel, velocity },
            times(transposed(picked(x, batch, width), batch.length, width), delta, {
              m: width,
              k: batch.length,
              n: units,
            }),
            { ...how, rate },
          );
        }
        group.end();
        const strip = { values: mine, first: 0, width };
        await foldGroup([strip], other.moved(), { ...window, units, rows: taken.length, products });
      }
      settle(coordinates, units);
    }
    const a = Float64Array.from({ length: rows * units }, (_, at) => {
      return coordinates.pair[Math.floor(at / units) * 2 * units + (at % units)] as number;
    });
    const moved = times(transposed(x, rows, width), a, { m: width, k: rows, n: units });
    const found = first.map((value, at) => (coordinates.scale[0] as number) * value + (moved[at] as number));
    expect(furthest(found, kernel)).toBeLessThan(1e-12);
    expect(furthest(window.kernel, kernel)).toBeLessThan(1e-12);
    expect(furthest(window.velocity, velocity)).toBeLessThan(1e-12);
  },
);

const products = {
  async times(a: Float64Array, b: Float64Array, sizes: Sizes, into: Float64Array) {
    into.set(times(a, b, sizes));
  },
  async addTransposedTimes(a: Float64Array, b: Float64Array, sizes: Sizes, into: Float64Array) {
    const { m, k } = sizes;
    const added = times(transposed(a, k, m), b, sizes);
    for (const [at, value] of added.entries()) into[at] = (into[at] as number) + value;
  },
};

interface Window {
  readonly kernel: Float64Array;
  readonly velocity: Float64Array;
  readonly memory: ReturnType<typeof groupMemory<Float64Array>>;
}

/** The products that a window's steps start from. */
function beside({ kernel, velocity, memory }: Window, x: Float64Array, count: number): void {
  const sizes = { m: count, k: width, n: units };
  const [ahead, speed] = [times(x, kernel, sizes), times(x, velocity, sizes)];
  for (let row = 0; row < count; row++) {
    const [from, to] = [row * units, (row + 1) * units];
    memory.before.set(ahead.subarray(from, to), 2 * from);
    memory.before.set(speed.subarray(from, to), 2 * from + units);
  }
  if (memory.gram.length > 0) {
    memory.gram.set(times(x, transposed(x, count, width), { m: count, k: width, n: count }));
  }
}

function furthest(found: Float64Array, expected: Float64Array): number {
  return found.reduce((most, value, at) => Math.max(most, Math.abs(value - (expected[at] as number))), 0);
}

/** Keras' SGD (keras/src/optimizers/sgd.py), weights decayed first. */
function move(
  { kernel, velocity }: { readonly kernel: Float64Array; readonly velocity: Float64Array },
  gradient: Float64Array,
  { momentum, nesterov, weightDecay, rate }: Case & { readonly rate: number },
): void {
  for (const [at, slope] of gradient.entries()) {
    const speed = momentum * (velocity[at] as number) - rate * slope;
    const weight = (kernel[at] as number) * (1 - weightDecay * rate);
    velocity[at] = speed;
    kernel[at] = weight + (nesterov ? momentum * speed - rate * slope : speed);
  }
}

interface Weighed {
  readonly labels: readonly number[];
  readonly classWeights: readonly number[];
}

/** Of the mean cross-entropy of a batch, each row by the weight of its class, at its logits. */
function gradientAt(
  logits: Float64Array,
  batch: readonly number[],
  { labels, classWeights }: Weighed,
): Float64Array {
  return Float64Array.from({ length: batch.length * units }, (_, at) => {
    const row = Math.floor(at / units);
    const label = labels[batch[row] as number] as number;
    const exps = [...logits.subarray(row * units, (row + 1) * units)].map(Math.exp);
    const probability = (exps[at % units] as number) / exps.reduce((sum, value) => sum + value, 0);
    return ((probability - Number(at % units === label)) * (classWeights[label] as number)) / batch.length;
  });
}

function matrix(random: RandomStream, length: number): Float64Array {
  return Float64Array.from({ length }, () => random.uniform() - 0.5);
}

function times(a: Float64Array, b: Float64Array, { m, k, n }: Sizes): Float64Array {
  const y = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      for (let j = 0; j < n; j++) {
        y[i * n + j] = (y[i * n + j] as number) + (a[i * k + l] as number) * (b[l * n + j] as number);
      }
    }
  }
  return y;
}

function transposed(values: Float64Array, height: number, width: number): Float64Array {
  return Float64Array.from({ length: height * width }, (_, at) => {
    return values[(at % height) * width + Math.floor(at / height)] as number;
  });
}

function picked(values: Float64Array, at: readonly number[], width: number): Float64Array {
  return Float64Array.from(at.flatMap((row) => [...values.subarray(row * width, (row + 1) * width)]));
}

function shuffled(random: RandomStream): number[] {
  const order = Array.from({ length: rows }, (_, at) => at);
  for (let at = rows - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other] as number, order[at] as number];
  }
  return order;
}
