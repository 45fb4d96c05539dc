import { afterAll, expect, test } from "vitest";
import { openDirect } from "../../steps/train/direct.ts";
import type { Method, Rows } from "../../steps/train/method.ts";
import { normalizedRows } from "../../steps/train/normalized-rows.ts";
import { completed, type Sgd } from "../../steps/train/optimizers/optimizer.ts";
import { initialState } from "../../steps/train/state.ts";
import { problem } from "./problem.ts";
import { newStore, openSampled, removeFolders, trainingOf } from "./rows.ts";

// What products of rows of length 1 are follows from those of the rows as they are.

afterAll(removeFolders);

const { features, training, validation } = problem({
  ...{ training: 256, validation: 60, rowLength: 900, classes: 3 },
});

/** The rows times `size`; rows 17 and 280 are all zeros. */
function scaled(size: number): Rows {
  const { rowLength } = features;
  return {
    ...features,
    async read(positions, into) {
      await features.read(positions, into);
      for (const [at, position] of positions.entries()) {
        const row = into.subarray(at * rowLength, (at + 1) * rowLength);
        const factor = position === 17 || position === 280 ? 0 : size;
        for (let i = 0; i < rowLength; i++) row[i] = factor * (row[i] as number);
      }
    },
  };
}

function trainingOn(rows: Rows) {
  const optimizer = completed({
    kind: "sgd",
    learningRate: 0.5,
    decay: 0,
    nesterov: true,
    weightDecay: 0.01,
  });
  const state = initialState([features.rowLength, 16, 3], 5);
  return { ...trainingOf({ features: rows, state, batchSize: 32 }), optimizer: optimizer as Sgd };
}

const sampled = (rows: Rows, stores?: Parameters<typeof openSampled>[0]["stores"]) =>
  openSampled({
    ...{ ...trainingOn(rows), training: training.length, isUnitLength: true },
    ...(stores === undefined ? {} : { stores }),
  });

async function losses(method: Method, epochs: number): Promise<number[]> {
  const found: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    for await (const { loss } of method.steps(training, () => 0.5, found.length)) found.push(loss);
    found.push((await method.score(validation)).loss);
  }
  return found;
}

test("training is that on rows of length 1", async () => {
  const rows = scaled(3);
  const one = await openDirect(trainingOn(normalizedRows(rows, { kind: "l2" })));
  const other = await sampled(rows);
  const [expected, found] = [await losses(one, 4), await losses(other, 4)];
  for (const [at, loss] of expected.entries()) expect((found[at] as number) / loss).toBeCloseTo(1, 5);
  const [these, those] = [await one.layers(), await other.layers()];
  for (const [layer, { kernel }] of these.entries()) {
    for (const [at, weight] of kernel.entries()) {
      expect(Math.abs(weight - (those[layer]?.kernel[at] as number))).toBeLessThan(2e-6);
    }
  }
  await one.close();
  await other.close();
});

test("the products that are kept are those of the rows as they are", async () => {
  const stores = { gram: newStore(), first: newStore() };
  const plain = await openSampled({ ...trainingOn(scaled(1)), training: training.length, stores });
  await plain.close();
  const before = (await stores.gram.entries()).length;
  const method = await sampled(scaled(1), stores);
  await method.close();
  // One more: that of the rows which are only validated with, with themselves.
  expect((await stores.gram.entries()).length).toBe(before + 1);
});

test.each([1e-20, 1e18])("where rows are of the size of %d, that does not follow", async (size) => {
  await expect(sampled(scaled(size))).rejects.toThrow("do not follow");
});
