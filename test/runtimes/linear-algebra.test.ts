import { describe, expect, test } from "vitest";
import type { KernelNode, Memory } from "../../steps/compute/kernel.ts";
import type { LinearAlgebra, Sizes } from "../../steps/compute/linear-algebra.ts";
import { randomStream } from "../../steps/compute/random.ts";
import { algebras } from "./algebras.ts";

// What is asked of everything that multiplies for training; numbers are float64's.

const shapes: readonly Sizes[] = [
  { m: 1, k: 1, n: 1 },
  { m: 3, k: 7, n: 5 },
  { m: 32, k: 33, n: 31 },
  { m: 5, k: 4097, n: 3 },
  { m: 256, k: 300, n: 17 },
];

describe.each(algebras)("$runtime", ({ open, lack }) => {
  const run = test.skipIf(lack !== "");

  run.each(shapes)("multiplies $m × $k by $k × $n, each turned or not", async (sizes) => {
    const { m, k, n } = sizes;
    const products = (await open()).openProducts();
    const [a, b, added] = [numbers(m * k, "a"), numbers(k * n, "b"), numbers(m * n, "c")];
    const expected = times(a, b, sizes);
    const into = new Float32Array(m * n);
    await products.times(a, b, sizes, into);
    expectClose(into, expected, k);
    await products.timesTransposed(a, turned(b, k, n), sizes, into);
    expectClose(into, expected, k);
    into.set(added);
    await products.addTransposedTimes(turned(a, m, k), b, sizes, into);
    expectClose(
      into,
      expected.map((value, at) => value + (added[at] as number)),
      k,
    );
    await products.close();
  });

  run("reads and writes parts of memory, and nothing round them", async () => {
    const sizes = { m: 2, k: 3, n: 2 };
    const products = (await open()).openProducts();
    const memory = numbers(40, "memory");
    const before = memory.slice();
    const [a, b, into] = [memory.subarray(1, 10), memory.subarray(11, 20), memory.subarray(21, 30)];
    const expected = times(a, b, sizes);
    await products.times(a, b, sizes, into);
    expectClose(memory.subarray(21, 25), expected, 3);
    await products.addTransposedTimes(turned(a, 2, 3), b, sizes, into);
    expectClose(
      memory.subarray(21, 25),
      expected.map((value) => 2 * value),
      3,
    );
    before.set(memory.subarray(21, 25), 21);
    expect(memory).toEqual(before);
    await products.close();
  });

  run("multiplies rows of a matrix that it holds", async () => {
    const [columns, n] = [19, 6];
    const products = (await open()).openProducts();
    const [matrix, b] = [numbers(30 * columns, "held"), numbers(columns * n, "b")];
    const held = await products.hold(matrix, columns);
    for (const rows of [
      Int32Array.of(29, 0, 7, 7, 3),
      Int32Array.of(4),
      Int32Array.from({ length: 30 }, (_, at) => at),
    ]) {
      const into = new Float32Array(rows.length * n + 1);
      await held.rowsTimes(rows, b, n, into);
      const lines = Float32Array.from(
        [...rows].flatMap((row) => [...matrix.subarray(row * columns, (row + 1) * columns)]),
      );
      expectClose(into.subarray(0, -1), times(lines, b, { m: rows.length, k: columns, n }), columns);
      expect(into.at(-1)).toBe(0);
    }
    await held.close();
    await products.close();
  });

  run("moves a kernel of more rows than go at a time, forward and back", async () => {
    const [inputs, units] = [5001, 3];
    const kernel = numbers(inputs * units, "kernel");
    const opened = await kernelOf(await open(), kernel, inputs);
    const plain = Float64Array.from(kernel);
    const speed = new Float64Array(kernel.length);
    for (const [at, rows] of [2, 5, 2].entries()) {
      const [x, delta] = [numbers(rows * inputs, `x ${at}`), numbers(rows * units, `delta ${at}`)];
      expectClose(await opened.forward(x, rows), times(x, plain, { m: rows, k: inputs, n: units }), inputs);
      const back = times(delta, turned(plain, inputs, units), { m: rows, k: units, n: inputs });
      expectClose(await opened.back(delta.slice()), back, units);
      const gradient = times(turned(x, rows, inputs), delta, { m: inputs, k: rows, n: units });
      await opened.move(delta, { scale: -0.5, numbers: { factor: 0.25 } });
      for (const [place, value] of gradient.entries()) {
        speed[place] = 0.75 * (speed[place] as number) - 0.5 * value;
        plain[place] = (plain[place] as number) + 0.25 * (speed[place] as number);
      }
    }
    await opened.read();
    expectClose(opened.weights, plain, 10);
    expectClose(opened.velocity, speed, 10);
    await opened.close();
  });

  run("goes on from a kernel that was written, to the bit", async () => {
    const inputs = 5001;
    const algebra = await open();
    const [x, delta] = [numbers(4 * inputs, "x"), numbers(4 * 3, "delta")];
    const step = async (kernel: Awaited<ReturnType<typeof kernelOf>>): Promise<void> => {
      await kernel.forward(x, 4);
      await kernel.move(delta.slice(), { scale: -0.1, numbers: { factor: 1 } });
    };
    const one = await kernelOf(algebra, numbers(inputs * 3, "kernel"), inputs);
    const other = await kernelOf(algebra, new Float32Array(inputs * 3), inputs);
    await step(one);
    await one.read();
    other.weights.set(one.weights);
    other.velocity.set(one.velocity);
    await other.write();
    for (const kernel of [one, other]) {
      await step(kernel);
      await kernel.read();
    }
    expect(other.weights).toEqual(one.weights);
    expect(other.velocity).toEqual(one.velocity);
    await one.close();
    await other.close();
  });

  run("frees what two thousand products and steps took", { timeout: 120_000 }, async () => {
    const algebra = await open();
    const [m, k, n] = [64, 600, 200];
    const products = algebra.openProducts();
    const kernel = await kernelOf(algebra, numbers(k * 64, "kernel"), k);
    const held = await products.hold(numbers(m * k, "held"), k);
    const [a, b, into] = [numbers(m * k, "a"), numbers(k * n, "b"), new Float32Array(k * n)];
    const rows = Int32Array.from({ length: m }, (_, at) => at);
    const sum = new Float32Array(m * n);
    const work = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time++) {
        await products.times(a, b, { m, k, n }, into);
        await products.timesTransposed(a, b, { m, k, n }, into);
        await products.addTransposedTimes(a, sum, { m: k, k: m, n }, into);
        await held.rowsTimes(rows, b, n, sum);
        const delta = await kernel.forward(a, m);
        await kernel.back(delta);
        await kernel.move(delta, { scale: 0, numbers: { factor: 1 } });
        const more = await products.hold(a, k);
        await more.close();
      }
    };
    await work(200);
    const before = process.memoryUsage.rss();
    await work(2_000);
    // Of results that stay the smallest comes to 32 MB, others to hundreds.
    expect((process.memoryUsage.rss() - before) / 2 ** 20).toBeLessThan(24);
    await held.close();
    await kernel.close();
    await products.close();
  });
});

const node = (op: KernelNode["op"], inputs: readonly string[], output: string): KernelNode => {
  return { op, inputs, outputs: [output] };
};

/** v ← 0.75·v + scale · gradient, w ← w + factor · v. */
const rule = {
  memory: ["velocity"] satisfies Memory[],
  nodes: [
    {
      ...node("Gemm", ["x", "delta", "velocity"], "newVelocity"),
      attributes: { transA: { int: 1 }, beta: { float: 0.75 } },
    },
    node("Mul", ["newVelocity", "factor"], "change"),
    node("Add", ["kernel", "change"], "newKernel"),
  ],
  at: () => ({ scale: 1, numbers: { factor: 1 } }),
};

async function kernelOf(algebra: LinearAlgebra, weights: Float32Array, inputs: number) {
  const velocity = new Float32Array(weights.length);
  const units = weights.length / inputs;
  const kernel = await algebra.openKernel({ inputs, units, arrays: { weights, velocity }, rule });
  return { ...kernel, weights, velocity };
}

function numbers(length: number, stream: string): Float32Array {
  const random = randomStream(3, stream);
  return Float32Array.from({ length }, () => random.uniform() - 0.5);
}

type Numbers = Float32Array | Float64Array;

function times(a: Numbers, b: Numbers, { m, k, n }: Sizes): Float64Array {
  return Float64Array.from({ length: m * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let i = 0; i < k; i++) sum += (a[row * k + i] as number) * (b[i * n + column] as number);
    return sum;
  });
}

function turned<N extends Numbers>(matrix: N, rows: number, columns: number): N {
  const result = matrix.slice(0, rows * columns) as N;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = matrix[row * columns + column] as number;
    }
  }
  return result;
}

/** @param terms of a sum: what it may be off grows with their root. */
function expectClose(values: Numbers, expected: Numbers, terms: number): void {
  expect(values.length).toBe(expected.length);
  const off = Array.from(expected, (value, at) => Math.abs(value - (values[at] as number)));
  expect(Math.max(...off)).toBeLessThan(2e-7 * Math.sqrt(terms));
  expect(expected.some((value) => Math.abs(value) > 1e-3)).toBe(true);
}
