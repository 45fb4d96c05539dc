import { join } from "node:path";
import type { Dense } from "../../learning/heads/dense.ts";
import { readLayers, writeLayers } from "../../learning/heads/model.ts";
import { firstNotFinite } from "../../vision/finite.ts";
import { labelsOf } from "../batches.ts";
import type { Method, Training } from "../method.ts";
import type { Sgd } from "../optimizers/optimizer.ts";
import { openUpper } from "../upper.ts";
import {
  type Coordinates,
  lean,
  newCoordinates,
  openSteps,
  productsNow,
  settle,
  stepsMemory,
} from "./coordinates.ts";
import { foldInto } from "./fold.ts";
import { rowsOfGroup } from "./group.ts";
import { multiplyRows, type RowsToMultiply } from "./multiply-rows.ts";
import { takeSteps } from "./take-steps.ts";

export interface SampleSpaceOptions
  extends Training,
    Omit<RowsToMultiply, "features" | "kernel" | "units" | "products"> {
  readonly optimizer: Sgd;
}

/**
 * Training in which nothing is as wide as a row (see `coordinates.ts`): products of
 * rows with each other and with the first kernel are taken once and kept, and the
 * first kernel is put together at the end. A checkpoint holds the coordinates in
 * the place of the first layer's kernel.
 *
 * @returns `undefined` where rows cannot be brought to length 1 by their products.
 */
export async function openSampleSpace(options: SampleSpaceOptions): Promise<Method | undefined> {
  const { features, state, training, validation, batchSize, optimizer } = options;
  const first = state.layers[0] as Dense;
  const { units } = first;
  const products = options.algebra.openProducts();
  const known = await multiplyRows({ ...options, kernel: first.kernel, units, products }).catch(
    async (error: unknown) => {
      await products.close();
      throw error;
    },
  );
  if (known === undefined) {
    await products.close();
    return undefined;
  }
  const { loaded, factors } = known;
  const coordinates = newCoordinates(new Float32Array(training.length * 2 * units));
  const samples = [
    { ...known.training, held: await products.hold(known.training.gram, training.length) },
    { ...known.validation, held: await products.hold(known.validation.gram, training.length) },
  ] as const;
  const upper = await openUpper(options);
  const groupRows = rowsOfGroup(batchSize, training.length);
  const sizes = { batch: batchSize, rows: groupRows, units, training: training.length };
  const memory = stepsMemory(sizes, (length) => new Float32Array(length));
  const rowOf = [training, validation].map(
    (positions) => new Map([...positions].map((position, row) => [position, row])),
  ) as [Map<number, number>, Map<number, number>];
  const files = filesOf(state, coordinates);
  const shared = { coordinates, units, memory };
  let copies: typeof files | undefined;
  let isFolded = false;

  return {
    async *steps(order, rateOf, before) {
      const ofStep = (step: number): number => rateOf(step - before);
      let taken = 0;
      lean(coordinates, units, optimizer);
      for (let start = 0; start < order.length; start += groupRows) {
        const positions = order.subarray(start, start + groupRows);
        const rows = positions.map((position) => rowOf[0].get(position) as number);
        const labels = labelsOf(features, positions);
        const group = await openSteps({ optimizer, products, ...shared, sample: samples[0], rows });
        yield* takeSteps(group, { upper, labels, batchSize, rateOf: ofStep, before: before + taken });
        taken += Math.ceil(rows.length / batchSize);
        group.end();
      }
      settle(coordinates, units);
    },
    async score(positions) {
      const total = { loss: 0, correct: 0 };
      const at = rowOf[0].has(positions[0] as number) ? 0 : 1;
      const sample = samples[at];
      for (let start = 0; start < positions.length; start += groupRows) {
        const some = positions.subarray(start, start + groupRows);
        const rows = some.map((position) => rowOf[at].get(position) as number);
        const values = await productsNow({ ...shared, sample, rows });
        const { loss, correct } = await upper.score(values, labelsOf(features, some), rows.length);
        total.loss += loss;
        total.correct += correct;
      }
      return total;
    },
    isFinite: async () => firstNotFinite(coordinates.pair) === undefined && (await upper.isFinite()),
    async keep(folder) {
      await upper.read();
      for (const [name, layers] of files) await writeLayers(join(folder, name), layers);
    },
    async copy() {
      await upper.read();
      // In memory of its own, once: 6 MB anew after every epoch would keep the garbage collector busy.
      const written = copies ?? files.map(([name, layers]) => [name, layers.map(copyOf)] as const);
      for (const [at, [, layers]] of files.entries()) refresh(written[at]?.[1] ?? [], layers);
      copies = written;
      return {
        async keep(folder) {
          for (const [name, layers] of written) await writeLayers(join(folder, name), layers);
        },
      };
    },
    async restore(folder) {
      for (const [name, layers] of files) await readLayers(join(folder, name), layers);
      await upper.write();
    },
    async layers() {
      if (isFolded) throw new Error("the first weights are gone: they are put together once");
      isFolded = true;
      await upper.read();
      await foldInto(first.kernel, {
        ...{ coordinates, loaded, products, training, units },
        ...(factors === undefined ? {} : { factors }),
      });
      return state.layers;
    },
    async close() {
      await upper.close();
      for (const { held } of samples) await held.close();
      await products.close();
    },
  };
}

function copyOf(layer: Dense): Dense {
  return { ...layer, kernel: layer.kernel.slice(), bias: layer.bias.slice() };
}

function refresh(copies: readonly Dense[], layers: readonly Dense[]): void {
  for (const [at, { kernel, bias }] of layers.entries()) {
    copies[at]?.kernel.set(kernel);
    copies[at]?.bias.set(bias);
  }
}

/** The files of a checkpoint, and the layers in them: the coordinates stand where the first kernel would be. */
function filesOf(
  { layers, velocities }: Training["state"],
  { scale, pair }: Coordinates,
): readonly (readonly [name: string, layers: readonly Dense[]])[] {
  const none = new Float32Array(0);
  const [[first, ...tail], [speed, ...speeds]] = [layers, velocities] as [[Dense, ...Dense[]], Dense[]];
  // A number of 64 bits as two of 32.
  const alone = { ...first, kernel: new Float32Array(scale.buffer), bias: none };
  return [
    ["weights.bin", [{ ...first, kernel: pair }, ...tail, alone]],
    ...(speed === undefined ? [] : [["velocities.bin", [{ ...speed, kernel: none }, ...speeds]] as const]),
  ];
}
