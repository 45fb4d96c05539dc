import { describe, expect, test } from "vitest";
import { randomStream } from "../../steps/compute/random.ts";
import { affine, backThrough, type Dense, denseGradient } from "../../steps/learning/heads/dense.ts";
import { passFrom } from "../../steps/learning/heads/forward.ts";
import { isWide } from "../../steps/learning/heads/products.ts";
import { completed } from "../../steps/train/optimizers/optimizer.ts";
import { ruleOf } from "../../steps/train/optimizers/rules.ts";
import { arraysOf, initialState } from "../../steps/train/state.ts";
import { tailLayer } from "../../steps/train/tail-layer.ts";
import { algebras } from "../runtimes/algebras.ts";

const rows = 5;
const sizes = [3, 160, 130, 2];

describe.each(algebras)("$runtime", ({ open, lack }) => {
  test.skipIf(lack !== "")("a wide layer computes and learns in the runtime as loops do", async () => {
    const random = randomStream(2, "tail");
    const numbers = (length: number): Float32Array =>
      Float32Array.from({ length }, () => random.uniform() - 0.5);
    const rule = ruleOf(completed({ kind: "adam", learningRate: 0.01, decay: 0 }));
    const [state, reference] = [1, 2].map(() => initialState(sizes, 1, rule.memory)) as [
      ReturnType<typeof initialState>,
      ReturnType<typeof initialState>,
    ];
    const [, layer, top] = reference.layers as [Dense, Dense, Dense];
    expect([layer, top].map(isWide)).toEqual([true, false]);

    const [inputs, units] = [160, 130];
    const kernel = await (await open()).openKernel({
      inputs,
      units,
      arrays: arraysOf(state, 1, "kernel"),
      rule,
    });
    const wide = new Map([[state.layers[1] as Dense, kernel]]);
    const head = { layers: state.layers, activations: ["linear", "linear"] as const, wide };
    const tail = tailLayer(state, 1, kernel);
    const input = numbers(rows * 160);
    for (const at of [0, 1]) {
      const { sums, logits } = await passFrom(input.slice(), head, rows);
      expectClose(sums[1] as Float32Array, affine(layer, input, rows));
      expectClose(logits, affine(top, affine(layer, input, rows), rows));
      const step = rule.at(0.01, at);
      const [slopes, delta] = [numbers(rows * 160), numbers(rows * 130)];
      const expected = backThrough(layer, slopes, delta, rows);
      expectClose(await tail.back(slopes, delta, rows), expected);
      const gradient = denseGradient(layer, input, delta, rows);
      for (const array of ["kernel", "bias"] as const) {
        step.move(arraysOf(reference, 1, array), gradient[array]);
      }
      await tail.move({ input, delta, rows, step });
      await kernel.read();
      for (const array of ["kernel", "bias"] as const) {
        const [moved, should] = [arraysOf(state, 1, array), arraysOf(reference, 1, array)];
        for (const name of ["weights", "velocity", "square"] as const) {
          expectClose(moved[name] as Float32Array, should[name] as Float32Array);
        }
      }
    }
    await kernel.close();
  });
});

function expectClose(values: Float32Array, expected: Float32Array): void {
  expect(values.length).toBe(expected.length);
  const off = values.map((value, at) => Math.abs(value - (expected[at] as number)));
  expect(Math.max(...off)).toBeLessThan(1e-5);
  expect(expected.some((value) => Math.abs(value) > 1e-4)).toBe(true);
}
