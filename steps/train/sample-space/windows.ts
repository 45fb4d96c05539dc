import type { Sizes } from "../../compute/linear-algebra.ts";
import type { Dense } from "../../learning/heads/dense.ts";
import { areFinite } from "../../learning/heads/model.ts";
import { labelsOf } from "../batches.ts";
import { keepState, restoreState } from "../kept-state.ts";
import type { Method, Training } from "../method.ts";
import type { Sgd } from "../optimizers/optimizer.ts";
import { openUpper } from "../upper.ts";
import { groupMemory, LEAST, type Moved, type Numbers, openGroup } from "./group.ts";
import { openStrips, type Strip } from "./strips.ts";
import { takeSteps } from "./take-steps.ts";
import { openWideProducts } from "./wide-products.ts";

export interface WindowOptions extends Training {
  readonly optimizer: Sgd;
  /** Rows of a window: whole batches. */
  readonly windowRows: number;
}

/**
 * Training in sample space for more rows than have their products in memory. The
 * order is cut into windows: a window's rows are read, multiplied with the first
 * kernel, its velocity and each other, take their steps as a group (`group.ts`), and
 * are folded into the kernel and its velocity, which move through memory once a
 * window and not once a batch. A checkpoint is that of the direct way.
 */
export async function openWindows(options: WindowOptions): Promise<Method> {
  const { features, state, optimizer, batchSize, windowRows } = options;
  const [first, speed] = [state.layers[0], state.velocities[0]] as [Dense, Dense];
  const { units } = first;
  const products = options.algebra.openProducts();
  const wide = openWideProducts(products, windowRows, units);
  const strips = openStrips(features, windowRows);
  const upper = await openUpper(options);
  const memory = groupMemory(
    { batch: batchSize, rows: windowRows, units },
    (length) => new Float32Array(length),
  );
  const load = async (positions: Int32Array): Promise<readonly Strip[]> => {
    await strips.read([...positions], 0);
    return strips.all;
  };

  return {
    async *steps(order, rateOf, before) {
      const ofStep = (step: number): number => rateOf(step - before);
      let taken = 0;
      for (let start = 0; start < order.length; start += windowRows) {
        const positions = order.subarray(start, start + windowRows);
        const rows = positions.length;
        const labels = labelsOf(features, positions);
        const here = await load(positions);
        const beside = { values: memory.before, stride: 2 * units };
        await wide.timesKernel(here, rows, first.kernel, { ...beside, column: 0 });
        await wide.timesKernel(here, rows, speed.kernel, { ...beside, column: units });
        if (rows > batchSize) await wide.timesEarlier(here, rows, memory.gram);
        const group = openGroup({ optimizer, products, rows, units, memory });
        yield* takeSteps(group, { upper, labels, batchSize, rateOf: ofStep, before: before + taken });
        taken += Math.ceil(rows / batchSize);
        await foldGroup(here, group.moved(), {
          ...{ kernel: first.kernel, velocity: speed.kernel, units, rows, products },
        });
      }
    },
    async score(positions) {
      const total = { loss: 0, correct: 0 };
      for (let start = 0; start < positions.length; start += windowRows) {
        const some = positions.subarray(start, start + windowRows);
        const values = memory.result;
        await wide.timesKernel(await load(some), some.length, first.kernel, {
          values,
          stride: units,
          column: 0,
        });
        const { loss, correct } = await upper.score(
          values.subarray(0, some.length * units),
          labelsOf(features, some),
          some.length,
        );
        total.loss += loss;
        total.correct += correct;
      }
      return total;
    },
    async isFinite() {
      await upper.read();
      return areFinite(state.layers);
    },
    async keep(folder) {
      await upper.read();
      await keepState(folder, state);
    },
    async restore(folder) {
      await restoreState(folder, state);
      await upper.write();
    },
    async layers() {
      await upper.read();
      return state.layers;
    },
    async close() {
      await upper.close();
      await products.close();
    },
  };
}

interface Wide<N extends Numbers> {
  /** Row length × units. */
  readonly kernel: N;
  readonly velocity: N;
  readonly units: number;
  readonly rows: number;
  readonly products: { addTransposedTimes(a: N, b: N, sizes: Sizes, into: N): Promise<void> };
}

/** The kernel and its velocity as a group's steps have moved them: a strip at a time, while it is in the processor's cache. */
export async function foldGroup<N extends Numbers>(
  strips: readonly Strip<N>[],
  { alpha, beta, gamma, p, q }: Moved<N>,
  { units, rows, products, ...wide }: Wide<N>,
): Promise<void> {
  for (const { values, first, width } of strips) {
    const [from, to] = [first * units, (first + width) * units];
    const [kernel, velocity] = [wide.kernel.subarray(from, to), wide.velocity.subarray(from, to)] as [N, N];
    for (let at = 0; at < kernel.length; at++) {
      const speed = velocity[at] as number;
      kernel[at] = alpha * (kernel[at] as number) + beta * speed;
      const slower = gamma * speed;
      velocity[at] = slower < LEAST && slower > -LEAST ? 0 : slower;
    }
    await products.addTransposedTimes(values, p, { m: width, k: rows, n: units }, kernel);
    await products.addTransposedTimes(values, q, { m: width, k: rows, n: units }, velocity);
  }
}
