import { describe, expect, test } from "vitest";
import type { Moved } from "../../steps/compute/kernel.ts";
import { randomStream } from "../../steps/compute/random.ts";
import { completed, type GivenOptimizer } from "../../steps/train/optimizers/optimizer.ts";
import { ruleOf } from "../../steps/train/optimizers/rules.ts";
import { algebras } from "../runtimes/algebras.ts";

const plain = { learningRate: 0.01, decay: 0 };
const optimizers: readonly GivenOptimizer[] = [
  { kind: "sgd", ...plain },
  { kind: "sgd", ...plain, momentum: 0 },
  { kind: "sgd", ...plain, weightDecay: 0.5 },
  { kind: "sgd", ...plain, nesterov: true },
  { kind: "sgd", ...plain, nesterov: true, weightDecay: 0.5 },
  { kind: "adam", ...plain },
  { kind: "adamw", ...plain, weightDecay: 0.5 },
  { kind: "rmsprop", ...plain },
  { kind: "rmsprop", ...plain, momentum: 0.5, weightDecay: 0.5 },
];

describe.each(algebras)("$runtime", ({ open, lack }) => {
  test.skipIf(lack !== "").each(optimizers)(
    "moves more inputs than go at a time as it moves small arrays: %o",
    async (given) => {
      const inputs = 5000;
      const units = 3;
      const rows = 2;
      const random = randomStream(4, "wide");
      const numbers = (length: number): Float32Array =>
        Float32Array.from({ length }, () => random.uniform() - 0.5);
      const rule = ruleOf(completed(given));
      const memory = Object.fromEntries(rule.memory.map((name) => [name, new Float32Array(inputs * units)]));
      const kernel = numbers(inputs * units);
      const small: Moved = { weights: kernel.slice(), ...structuredClone(memory) };
      const arrays = { weights: kernel, ...memory };
      const moved = await (await open()).openKernel({ inputs, units, arrays, rule });
      for (let at = 0; at < 3; at++) {
        const step = rule.at(0.01, at);
        const [x, delta] = [numbers(rows * inputs), numbers(rows * units)];
        const gradient = Float64Array.from({ length: inputs * units }, (_, place) => {
          const [i, j] = [Math.floor(place / units), place % units];
          return [0, 1].reduce(
            (sum, row) => sum + (x[row * inputs + i] as number) * (delta[row * units + j] as number),
            0,
          );
        });
        step.move(small, gradient);
        await moved.forward(x, rows);
        await moved.move(delta, step);
      }
      await moved.read();
      await moved.close();
      expectClose(kernel, small.weights);
      for (const name of rule.memory) expectClose(memory[name] as Float32Array, small[name] as Float32Array);
    },
  );
});

/** Adam divides by a root: where a gradient is next to nothing its rounding shows. */
function expectClose(values: Float32Array, expected: Float32Array): void {
  const off = values.map((value, at) => Math.abs(value - (expected[at] as number)));
  expect(Math.max(...off)).toBeLessThan(1e-5);
  expect(expected.some((value) => value !== 0)).toBe(true);
}
