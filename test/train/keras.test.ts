import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openForward } from "../../steps/learning/heads/forward.ts";
import { predictedOf, type Score, scoreOf, softmax } from "../../steps/learning/heads/scores.ts";
import { initialState, openTrainer } from "../../steps/train/sgd.ts";

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
const [inputs = 0] = keras.sizes;
const rows = keras.labels.length;

function expectClose(values: ArrayLike<number>, expected: readonly number[], within: number): void {
  expect(values.length).toBe(expected.length);
  for (const [at, value] of expected.entries())
    expect(Math.abs((values[at] as number) - value)).toBeLessThan(within);
}

test("epochs of SGD with momentum and decay are those of Keras, and so are the predictions afterwards", async () => {
  const state = initialState(keras.sizes, 0);
  const arrays = state.layers.flatMap(({ kernel, bias }) => [kernel, bias]);
  for (const [at, array] of arrays.entries()) array.set(keras.initial[at] as number[]);
  const x = Float32Array.from(keras.x);
  const labels = Int32Array.from(keras.labels);

  const trainer = await openTrainer(state, keras.momentum);
  let step = 0;
  for (let epoch = 0; epoch < keras.epochs; epoch++) {
    const total = { loss: 0, correct: 0 };
    for (let at = 0; at < rows; at += keras.batch) {
      const end = Math.min(at + keras.batch, rows);
      const rate = keras.learningRate / (1 + keras.decay * step++);
      const score = await trainer.step(
        x.subarray(at * inputs, end * inputs),
        labels.subarray(at, end),
        end - at,
        rate,
      );
      total.loss += score.loss;
      total.correct += score.correct;
    }
    expect(Math.abs(total.loss / rows - (keras.losses[epoch] as number))).toBeLessThan(2e-5);
    expect(total.correct / rows).toBeCloseTo(keras.accuracy[epoch] as number, 6);
  }
  const after: Score = await trainer.evaluate(x, labels, rows);
  await trainer.close();
  for (const [at, array] of arrays.entries()) expectClose(array, keras.final[at] as number[], 2e-5);

  const forward = await openForward(state.layers);
  const { logits } = await forward.run(x, rows);
  // What training scores and what the report predicts come from the same numbers.
  expect(scoreOf(logits, labels, rows)).toEqual(after);
  const predicted = predictedOf(logits, rows);
  expect(predicted.filter((label, row) => label === labels[row]).length).toBe(after.correct);
  expectClose(softmax(Float32Array.from(logits), rows), keras.probabilities, 2e-5);
  await forward.close();
});

test("of equal logits the first is predicted, as NumPy's argmax has it", () => {
  expect([...predictedOf(Float32Array.of(1, 3, 3, 2, 2, 2), 2)]).toEqual([1, 0]);
});

test("large logits neither overflow nor lose the loss", () => {
  const logits = Float32Array.of(1000, 0, -1000, 0, 1000, -1000);
  expect(scoreOf(logits, Int32Array.of(0, 0), 2)).toEqual({ loss: 1000, correct: 1 });
  expect([...softmax(logits, 2)]).toEqual([1, 0, 0, 0, 1, 0]);
});
