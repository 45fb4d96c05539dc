import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openForward } from "../../steps/learning/heads/forward.ts";
import { predictedOf, type Score, scoreOf, softmax } from "../../steps/learning/heads/scores.ts";
import { openDirect } from "../../steps/train/direct.ts";
import { initialState } from "../../steps/train/state.ts";
import { algebras } from "../runtimes/algebras.ts";
import { featuresOf, trainingOf } from "./rows.ts";

interface Expected {
  readonly sizes: number[];
  readonly batch: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly decay: number;
  readonly x: number[];
  readonly labels: number[];
  /** Kernel and bias of each layer in turn. */
  readonly initial: number[][];
  readonly final: number[][];
  /** By epoch. */
  readonly losses: number[];
  readonly accuracy: number[];
  readonly probabilities: number[];
}

// From bench/golden/training.py.
const file = new URL("../golden/training/expected.json", import.meta.url);
const keras = JSON.parse(readFileSync(file, "utf8")) as Expected;
const rows = keras.labels.length;

function expectClose(values: ArrayLike<number>, expected: readonly number[], within: number): void {
  expect(values.length).toBe(expected.length);
  for (const [at, value] of expected.entries())
    expect(Math.abs((values[at] as number) - value)).toBeLessThan(within);
}

describe.each(algebras)("$runtime", ({ open, lack }) => {
  test.skipIf(lack !== "")(
    "epochs of SGD with momentum and decay are those of Keras, and so are the predictions afterwards",
    async () => {
      const state = initialState(keras.sizes, 0);
      const arrays = state.layers.flatMap(({ kernel, bias }) => [kernel, bias]);
      for (const [at, array] of arrays.entries()) array.set(keras.initial[at] as number[]);
      const x = Float32Array.from(keras.x);
      const labels = Int32Array.from(keras.labels);

      const { momentum, batch: batchSize } = keras;
      const method = await openDirect(
        trainingOf({
          features: featuresOf({ x, labels }),
          state,
          momentum,
          batchSize,
          algebra: await open(),
        }),
      );
      const order = Int32Array.from({ length: rows }, (_, row) => row);
      let before = 0;
      for (let epoch = 0; epoch < keras.epochs; epoch++) {
        const total = { loss: 0, correct: 0 };
        const rateOf = (step: number): number => keras.learningRate / (1 + keras.decay * (before + step));
        for await (const { loss, correct } of method.steps(order, rateOf, before)) {
          total.loss += loss;
          total.correct += correct;
        }
        before += Math.ceil(rows / batchSize);
        expect(Math.abs(total.loss / rows - (keras.losses[epoch] as number))).toBeLessThan(2e-5);
        expect(total.correct / rows).toBeCloseTo(keras.accuracy[epoch] as number, 6);
      }
      const after: Score = await method.score(order);
      await method.layers();
      await method.close();
      for (const [at, array] of arrays.entries()) expectClose(array, keras.final[at] as number[], 2e-5);

      const forward = await openForward({ layers: state.layers, activations: ["relu", "relu"] });
      const { logits } = await forward.run(x, rows);
      // What training scores and what the report predicts come from the same numbers.
      const score = scoreOf(logits, labels, rows);
      expect(score.loss).toBeCloseTo(after.loss, 5);
      expect(score.correct).toBe(after.correct);
      const predicted = predictedOf(logits, rows);
      expect(predicted.filter((label, row) => label === labels[row]).length).toBe(after.correct);
      expectClose(softmax(Float32Array.from(logits), rows), keras.probabilities, 2e-5);
      await forward.close();
    },
  );
});

test("of equal logits the first is predicted, as NumPy's argmax has it", () => {
  expect([...predictedOf(Float32Array.of(1, 3, 3, 2, 2, 2), 2)]).toEqual([1, 0]);
});

test("large logits neither overflow nor lose the loss", () => {
  const logits = Float32Array.of(1000, 0, -1000, 0, 1000, -1000);
  expect(scoreOf(logits, Int32Array.of(0, 0), 2)).toEqual({ loss: 1000, correct: 1 });
  expect([...softmax(logits, 2)]).toEqual([1, 0, 0, 0, 1, 0]);
});
