import { afterAll, describe, expect, test } from "vitest";
import type { Store } from "../../engine/step-type.ts";
import { openProducts } from "../../steps/compute/onnx/products.ts";
import { randomStream } from "../../steps/compute/random.ts";
import { openDirect } from "../../steps/train/direct.ts";
import type { Method, Rows, Training } from "../../steps/train/method.ts";
import { completed, type Sgd } from "../../steps/train/optimizers/optimizer.ts";
import { type MultipliedRows, multiplyRows } from "../../steps/train/sample-space/multiply-rows.ts";
import { initialState, type TrainState } from "../../steps/train/state.ts";
import {
  featuresOf,
  newFolder,
  newStore,
  openSampled,
  positionsUpTo,
  removeFolders,
  type SampledTraining,
} from "./rows.ts";

afterAll(removeFolders);

interface Choice {
  readonly hidden: readonly number[];
  readonly batchSize: number;
  readonly optimizer: Partial<Sgd>;
  readonly upper?: Partial<Training["upper"]>;
}

const choices: readonly Choice[] = [
  { hidden: [24, 9], batchSize: 32, optimizer: {} },
  { hidden: [24, 9], batchSize: 32, optimizer: { nesterov: true } },
  { hidden: [], batchSize: 50, optimizer: { momentum: 0 } },
  { hidden: [8], batchSize: 700, optimizer: { weightDecay: 0.1 } },
  { hidden: [16, 8], batchSize: 7, optimizer: { momentum: 0.5, nesterov: true, weightDecay: 0.02 } },
  {
    hidden: [12, 12],
    batchSize: 32,
    optimizer: {},
    upper: {
      activations: ["tanh", "gelu"],
      dropout: [0.5, 0.2],
      classWeights: [1, 2, 0.5],
      labelSmoothing: 0.1,
    },
  },
];

describe("training in sample space", () => {
  const { features, training, validation } = problem({
    ...{ training: 700, validation: 90, rowLength: 5000, classes: 3 },
  });

  test.each(choices)(
    "gives the weights that going down the gradient gives: $hidden, $batchSize, $optimizer",
    async (choice) => {
      const of = () => trainingWith(features, choice);
      const [there, here] = [of(), of()];
      const one = await openDirect(there);
      const other = await openSampled({ ...here, training: 700, tiles: 3 });
      for (let epoch = 0; epoch < 3; epoch++) {
        const order = shuffled(training, epoch);
        const [expected, found] = [await losses(one, order, epoch), await losses(other, order, epoch)];
        expect(found.length).toBe(Math.ceil(700 / choice.batchSize));
        for (const [at, loss] of expected.entries()) expect((found[at] as number) / loss).toBeCloseTo(1, 4);
        expect((await other.score(validation)).loss / (await one.score(validation)).loss).toBeCloseTo(1, 4);
      }
      const [these, those] = [await one.layers(), await other.layers()];
      for (const [at, { kernel, bias }] of these.entries()) {
        expect(furthest(kernel, those[at]?.kernel as Float32Array)).toBeLessThan(2e-5);
        expect(furthest(bias, those[at]?.bias as Float32Array)).toBeLessThan(2e-5);
      }
      await one.close();
      await other.close();
    },
  );

  test("goes on from what was kept, to the bit", async () => {
    const choice = choices[4] as Choice;
    const stores = { gram: newStore(), first: newStore() };
    const open = () => openSampled({ ...trainingWith(features, choice), training: 700, stores });
    const [whole, half, rest] = [await open(), await open(), await open()];
    const folder = newFolder();
    for (let epoch = 0; epoch < 4; epoch++) {
      const order = shuffled(training, epoch);
      const expected = await losses(whole, order, epoch);
      if (epoch === 2) {
        await half.keep(folder);
        await rest.restore(folder);
      }
      expect(await losses(epoch < 2 ? half : rest, order, epoch)).toEqual(expected);
    }
    expect(await rest.layers()).toEqual(await whole.layers());
    for (const method of [whole, half, rest]) await method.close();
  });
});

test("the model has the same bits whatever memory holds, whatever was there before, and in whichever tiles", async () => {
  const { features, training } = problem({ training: 700, validation: 90, rowLength: 5000, classes: 3 });
  const choice = choices[0] as Choice;
  const model = async (stores: SampledTraining["stores"], tiles: number) => {
    const method = await openSampled({
      ...{ ...trainingWith(features, choice), training: 700, tiles },
      ...(stores === undefined ? {} : { stores }),
    });
    await losses(method, shuffled(training, 0), 0);
    const layers = await method.layers();
    await method.close();
    return layers;
  };
  const stores = { gram: newStore(), first: newStore() };
  const fresh = await model(stores, 9);
  // From what was kept; from nothing, in passes; where other rows came first.
  expect(await model(stores, 2)).toEqual(fresh);
  expect(await model(undefined, 2)).toEqual(fresh);
  const index = features.index.map((row, at) => (at % 3 === 0 ? row : { ...row, digest: `other ${at}` }));
  const grown = { gram: newStore(), first: newStore() };
  const few = await openSampled({
    ...trainingWith({ ...features, index }, choice),
    ...{ training: 700, stores: grown },
  });
  await few.close();
  expect(await model(grown, 4)).toEqual(fresh);
});

function trainingWith(
  features: Rows,
  { hidden, batchSize, optimizer, upper }: Choice,
): Training & { readonly optimizer: Sgd } {
  const state: TrainState = initialState([features.rowLength, ...hidden, 3], 5);
  return {
    ...{ features, state, batchSize },
    optimizer: completed({ kind: "sgd", learningRate: 0.01, decay: 0, ...optimizer }) as Sgd,
    upper: { activations: hidden.map(() => "relu"), dropout: [], seed: 3, labelSmoothing: 0, ...upper },
  };
}

function shuffled(positions: Int32Array, epoch: number): Int32Array {
  const place = (position: number): number => (position * 7919 + epoch * 31) % 701;
  return positions.toSorted((a, b) => place(a) - place(b));
}

/** Relative to the largest of the first. */
function furthest(one: Float32Array, other: Float32Array): number {
  let [most, off] = [0, 0];
  for (const [at, value] of one.entries()) {
    most = Math.max(most, Math.abs(value));
    off = Math.max(off, Math.abs(value - (other[at] as number)));
  }
  return off / most;
}

describe("products of rows", () => {
  const rowLength = 9000;
  const { features, training, validation } = problem({
    training: 600,
    validation: 300,
    rowLength,
    classes: 2,
  });
  const kernel = initialState([rowLength, 7, 2], 1).layers[0]?.kernel as Float32Array;

  interface Wanted {
    readonly stores: { readonly gram: Store; readonly first: Store };
    readonly training: Int32Array;
    readonly validation: Int32Array;
    /** That memory may hold. */
    readonly tiles: number;
  }

  /** With how many products were computed. */
  async function multiply({
    tiles,
    ...wanted
  }: Wanted): Promise<MultipliedRows & { readonly computed: number }> {
    const products = openProducts();
    let computed = 0;
    const known = await multiplyRows({
      ...{ ...wanted, features, kernel, units: 7, products },
      rowBytes: tiles * 256 * rowLength * 4,
      tell: () => {
        computed++;
      },
    });
    await products.close();
    return { ...known, computed };
  }

  const newStores = () => ({ gram: newStore(), first: newStore() });

  test("are those of float64", async () => {
    const { training: found, computed } = await multiply({
      stores: newStores(),
      training,
      validation,
      tiles: 9,
    });
    // Four tiles: each with itself and those before it, and with the kernel; the last holds nothing that is trained on.
    expect(computed).toBe(10 - 1 + 4);
    const [one, other] = [new Float32Array(rowLength), new Float32Array(rowLength)];
    for (const [a, b] of [
      [0, 0],
      [3, 598],
      [255, 256],
      [599, 17],
    ] as const) {
      await features.read([training[a] as number], one);
      await features.read([training[b] as number], other);
      const expected = one.reduce((sum, value, at) => sum + value * (other[at] as number), 0);
      expect((found.gram[a * 600 + b] as number) / expected).toBeCloseTo(1, 6);
    }
  });

  test("have the same bits whatever memory holds, and whatever was there before", async () => {
    const fresh = await multiply({ stores: newStores(), training, validation, tiles: 9 });
    const narrow = await multiply({ stores: newStores(), training, validation, tiles: 2 });
    expect(sameBits(narrow, fresh)).toBe(true);

    const stores = newStores();
    const few = training.filter((position) => position % 3 !== 1);
    await multiply({ stores, training: few, validation: validation.slice(0, 50), tiles: 4 });
    const grown = await multiply({ stores, training, validation, tiles: 4 });
    expect(sameBits(grown, fresh)).toBe(true);
    expect((await multiply({ stores, training, validation, tiles: 4 })).computed).toBe(0);
  });

  test("of a few new rows are all that is computed; rows that are gone cost nothing", async () => {
    const stores = newStores();
    const all = await multiply({ stores, training, validation, tiles: 9 });
    const gone = await multiply({ stores, training: training.slice(100), validation, tiles: 9 });
    expect(gone.computed).toBe(0);
    const fresh = await multiply({
      stores: newStores(),
      training: training.slice(100),
      validation,
      tiles: 9,
    });
    expect(sameBits(gone, fresh)).toBe(true);
    const few = newStores();
    await multiply({
      stores: few,
      training: training.slice(0, 512),
      validation: validation.slice(0, 0),
      tiles: 9,
    });
    const more = await multiply({
      stores: few,
      training: training.slice(0, 600),
      validation: validation.slice(0, 0),
      tiles: 9,
    });
    // One tile more: with itself, with two others, with the kernel.
    expect(more.computed).toBe(4);
    expect(all.computed).toBeGreaterThan(4);
  });

  test("of rows that memory does not hold, and of which some are known, are those of a fresh store", async () => {
    const none = validation.slice(0, 0);
    for (const before of [training.slice(0, 512), training.filter((position) => position % 2 === 0)]) {
      const stores = newStores();
      await multiply({ stores, training: before, validation: none, tiles: 2 });
      const grown = await multiply({ stores, training, validation, tiles: 2 });
      const fresh = await multiply({ stores: newStores(), training, validation, tiles: 9 });
      expect(sameBits(grown, fresh)).toBe(true);
    }
  });

  test("of pictures that are listed twice are there for both, also where one is trained on and one validated with", async () => {
    const { index, ...rows } = features;
    const twin = (position: number) =>
      ({ ...index[position], digest: `${position % 40}` }) as (typeof index)[number];
    const twins: Rows = { ...rows, index: index.map((_, position) => twin(position)) };
    const [trained, validated] = [positionsUpTo(100), positionsUpTo(160).slice(100)];
    const products = openProducts();
    const found = await multiplyRows({
      ...{ features: twins, training: trained, validation: validated, kernel, units: 7, products },
      ...{ stores: newStores(), rowBytes: 4 * 256 * rowLength * 4, tell() {} },
    });
    await products.close();
    expect(found.validation.gram.length).toBe(6_000);
    // Rows 0 and 40 are one picture, and so are 100 and 20.
    const row = (matrix: Float32Array, at: number) => [...matrix.subarray(at * 100, (at + 1) * 100)];
    expect(row(found.training.gram, 40)).toEqual(row(found.training.gram, 0));
    expect(row(found.validation.gram, 0)).toEqual(row(found.training.gram, 20));
    expect(found.training.gram[0]).toBeGreaterThan(0);
  });

  function sameBits(one: MultipliedRows, other: MultipliedRows): boolean {
    return (["training", "validation"] as const).every((split) =>
      (["gram", "first"] as const).every((what) =>
        Buffer.from(one[split][what].buffer).equals(Buffer.from(other[split][what].buffer)),
      ),
    );
  }
});

/** Of each step of an epoch. */
async function losses(method: Method, order: Int32Array, epoch: number): Promise<number[]> {
  const found: number[] = [];
  const rateOf = (step: number): number => 0.01 / (1 + 0.001 * step);
  for await (const { loss } of method.steps(order, rateOf, epoch * order.length)) found.push(loss);
  return found;
}

interface Problem {
  readonly features: Rows;
  readonly training: Int32Array;
  readonly validation: Int32Array;
}

/** Rows that a head can learn to tell apart, mostly zeros as a ReLU leaves them. */
function problem({
  training,
  validation,
  rowLength,
  classes,
}: Record<"training" | "validation" | "rowLength" | "classes", number>): Problem {
  const rows = training + validation;
  const random = randomStream(1, "problem");
  const labels = Array.from({ length: rows }, () => random.below(classes));
  const x = new Float32Array(rows * rowLength);
  for (const [row, label] of labels.entries()) {
    for (let at = 0; at < rowLength; at++) {
      const value = random.uniform() * 2 - 1.4 + (at % classes === label ? 0.2 : 0);
      x[row * rowLength + at] = Math.max(0, value);
    }
  }
  const splits = labels.map((_, row) => (row < training ? ("train" as const) : ("validation" as const)));
  const positions = positionsUpTo(rows);
  return {
    features: featuresOf({ x, labels, splits }),
    training: positions.slice(0, training),
    validation: positions.slice(training),
  };
}
