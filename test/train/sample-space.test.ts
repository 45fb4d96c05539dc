import { afterAll, describe, expect, test } from "vitest";
import type { LinearAlgebra } from "../../steps/compute/linear-algebra.ts";
import { openDirect } from "../../steps/train/direct.ts";
import type { Method, Rows, Training } from "../../steps/train/method.ts";
import { completed, type Sgd } from "../../steps/train/optimizers/optimizer.ts";
import { openWindows } from "../../steps/train/sample-space/windows.ts";
import { initialState, type TrainState } from "../../steps/train/state.ts";
import { algebras } from "../runtimes/algebras.ts";
import { problem } from "./problem.ts";
import { newFolder, newStore, openSampled, removeFolders, type SampledTraining } from "./rows.ts";

afterAll(removeFolders);

type Sampled = Training & { readonly optimizer: Sgd };

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

describe.each(algebras)("training in sample space with $runtime", ({ open, lack }) => {
  const run = test.skipIf(lack !== "");
  const { features, training, validation } = problem({
    ...{ training: 700, validation: 90, rowLength: 5000, classes: 3 },
  });

  const inAll = (how: Sampled) => openSampled({ ...how, training: 700, tiles: 3 });
  const inWindows = (rows: number) => (how: Sampled) =>
    openWindows({ ...how, windowRows: Math.ceil(rows / how.batchSize) * how.batchSize });
  const ways = [
    { way: "all rows", openWay: inAll },
    { way: "windows", openWay: inWindows(200) },
    { way: "windows of one batch", openWay: inWindows(1) },
  ];

  run.each(ways.flatMap((way) => choices.map((choice) => ({ ...way, ...choice }))))(
    "gives the weights that going down the gradient gives: $way, $hidden, $batchSize, $optimizer",
    async ({ openWay, ...choice }) => {
      const algebra = await open();
      const of = () => trainingWith(features, choice, algebra);
      const [there, here] = [of(), of()];
      const one = await openDirect(there);
      const other = await openWay(here);
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

  run("goes on from what was kept, to the bit", async () => {
    const choice = choices[4] as Choice;
    const stores = { gram: newStore(), first: newStore() };
    const algebra = await open();
    const method = () => openSampled({ ...trainingWith(features, choice, algebra), training: 700, stores });
    const [whole, half, rest] = [await method(), await method(), await method()];
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

  run(
    "the model has the same bits whatever memory holds, whatever was there before, and in whichever tiles",
    async () => {
      const { features, training } = problem({ training: 700, validation: 90, rowLength: 5000, classes: 3 });
      const choice = choices[0] as Choice;
      const algebra = await open();
      const model = async (stores: SampledTraining["stores"], tiles: number) => {
        const method = await openSampled({
          ...{ ...trainingWith(features, choice, algebra), training: 700, tiles },
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
        ...trainingWith({ ...features, index }, choice, algebra),
        ...{ training: 700, stores: grown },
      });
      await few.close();
      expect(await model(grown, 4)).toEqual(fresh);
    },
  );
});

function trainingWith(
  features: Rows,
  { hidden, batchSize, optimizer, upper }: Choice,
  algebra: LinearAlgebra,
): Training & { readonly optimizer: Sgd } {
  const state: TrainState = initialState([features.rowLength, ...hidden, 3], 5);
  return {
    ...{ features, state, batchSize, algebra },
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

/** Of each step of an epoch. */
async function losses(method: Method, order: Int32Array, epoch: number): Promise<number[]> {
  const found: number[] = [];
  const rateOf = (step: number): number => 0.01 / (1 + 0.001 * step);
  for await (const { loss } of method.steps(order, rateOf, epoch * order.length)) found.push(loss);
  return found;
}
