import { describe, expect, test } from "vitest";
import { randomStream } from "../../steps/compute/random.ts";
import { activationNames } from "../../steps/learning/heads/activations.ts";
import { choicesOf } from "../../steps/train/choices.ts";
import { dropOut } from "../../steps/train/dropout.ts";
import { initialState } from "../../steps/train/state.ts";
import { openUpper, type Upper } from "../../steps/train/upper.ts";
import { featuresOf, trainingOf } from "./rows.ts";

const rows = 6;
const labels = Int32Array.of(0, 1, 2, 0, 1, 1);

describe("the gradient at the first products", () => {
  test.each(activationNames)("is that of finite differences, with %s and all else", async (activation) => {
    const features = featuresOf({ x: new Float32Array(rows * 3), labels });
    const training = trainingOf({ features, state: initialState([3, 5, 4, 3], 7), batchSize: rows });
    const upper = await openUpper({
      ...training,
      upper: {
        activations: [activation, activation],
        dropout: [0.4, 0.25],
        seed: 3,
        labelSmoothing: 0.2,
        classWeights: [0.5, 2, 1],
      },
    });
    const random = randomStream(6, "products");
    const products = Float32Array.from({ length: rows * 5 }, () => 2 * random.uniform() - 1);
    // At a rate of 0 nothing moves; of one step the same values are dropped every time.
    const lossAt = async (values: Float32Array): Promise<number> =>
      (await upper.step(values, labels, rows, 0, 17)).loss / rows;
    const { delta } = await upper.step(products.slice(), labels, rows, 0, 17);
    const h = 2 ** -11;
    for (const at of products.keys()) {
      const [up, down] = [products.slice(), products.slice()];
      up[at] = (products[at] as number) + h;
      down[at] = (products[at] as number) - h;
      expect(delta[at]).toBeCloseTo(((await lossAt(up)) - (await lossAt(down))) / (2 * h), 3);
    }
    expect(delta.filter((value) => Math.abs(value) > 0.005).length).toBeGreaterThan(2);
  });
});

describe("dropout", () => {
  const upperWith = (dropout: readonly number[], seed: number): Promise<Upper> => {
    const features = featuresOf({ x: new Float32Array(rows * 3), labels });
    const training = trainingOf({ features, state: initialState([3, 5, 3], 7), batchSize: rows });
    return openUpper({ ...training, upper: { ...training.upper, dropout, seed } });
  };
  const loss = async (upper: Upper, step: number): Promise<number> =>
    (await upper.step(new Float32Array(rows * 5).fill(1), labels, rows, 0, step)).loss;

  test("drops the given share and keeps the mean", () => {
    const count = 100_000;
    const values = new Float32Array(count).fill(3);
    const factors = dropOut(values, 0.3, randomStream(1, "values"));
    const dropped = factors.filter((factor) => factor === 0).length / count;
    // Six standard deviations.
    expect(Math.abs(dropped - 0.3)).toBeLessThan(6 * Math.sqrt((0.3 * 0.7) / count));
    expect(new Set(factors)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
    expect(values.every((value, at) => value === Math.fround(3 * (factors[at] as number)))).toBe(true);
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    expect(Math.abs(mean - 3)).toBeLessThan(0.05);
  });

  test("is drawn anew at every step, by the seed, and never where rows are only scored", async () => {
    const upper = await upperWith([0.5], 1);
    const first = await loss(upper, 0);
    expect(await loss(upper, 0)).toBe(first);
    expect(await loss(upper, 1)).not.toBe(first);
    expect(await loss(await upperWith([0.5], 2), 0)).not.toBe(first);
    const without = await upperWith([0], 1);
    const { loss: scored } = await upper.score(new Float32Array(rows * 5).fill(1), labels, rows);
    expect(scored).toBe(await loss(without, 0));
    expect(scored).not.toBe(first);
  });
});

describe("choices", () => {
  const params = {
    hidden: [5, 4],
    activation: ["tanh", "relu"],
    dropout: 0.5,
    labelSmoothing: 0,
    seed: 0,
    classWeights: "balanced",
  } as unknown as Parameters<typeof choicesOf>[0];
  // compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 1, 1, 1, 2, 2])
  const labelled = { classes: ["a", "b", "c"], labels: [0, 1, 1, 1, 2, 2] };

  test("are one for all hidden layers, or one each", () => {
    const { activations, dropout } = choicesOf(params, labelled);
    expect(activations).toEqual(["tanh", "relu"]);
    expect(dropout).toEqual([0.5, 0.5]);
  });

  test("balanced class weights are scikit-learn's", () => {
    expect(choicesOf(params, labelled).classWeights).toEqual([2, 2 / 3, 1]);
    expect(() => choicesOf(params, { ...labelled, labels: [0, 2] })).toThrow(/there are none of b/);
  });
});
