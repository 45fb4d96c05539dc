import { join } from "node:path";
import type { Dense } from "../learning/heads/dense.ts";
import { openFirstLayer, openKernelUpdate } from "../learning/heads/first-layer.ts";
import { areFinite, readLayers, writeLayers } from "../learning/heads/model.ts";
import { batches } from "./batches.ts";
import type { Method, Training } from "./method.ts";
import { openUpper } from "./upper.ts";

/**
 * Every row goes through the first kernel, and its gradient into it, at every
 * step: what works for every optimizer, and what the other way is compared with.
 * A checkpoint is `weights.bin` and `velocities.bin`, the layers as a model has them.
 */
export async function openDirect({ features, state, momentum, batchSize }: Training): Promise<Method> {
  const { layers, velocities } = state;
  const [first, velocity] = [layers[0] as Dense, velocities[0] as Dense];
  const forward = await openFirstLayer(first.inputs, first.units);
  const update = await openKernelUpdate(first.inputs, first.units, momentum);
  const upper = openUpper(state, momentum);
  return {
    async *steps(order, rateOf) {
      let step = 0;
      for await (const { x, labels, rows } of batches(features, order, batchSize)) {
        const rate = rateOf(step++);
        const products = await forward.products(first.kernel, x, rows);
        const { loss, correct, delta } = upper.step(products, labels, rows, rate);
        for (let at = 0; at < delta.length; at++) delta[at] = -rate * (delta[at] as number);
        await update.apply({ kernel: first.kernel, velocity: velocity.kernel, x, delta, rows });
        yield { loss, correct };
      }
    },
    async score(positions) {
      const total = { loss: 0, correct: 0 };
      for await (const { x, labels, rows } of batches(features, positions, batchSize)) {
        const products = await forward.products(first.kernel, x, rows);
        const { loss, correct } = upper.score(products, labels, rows);
        total.loss += loss;
        total.correct += correct;
      }
      return total;
    },
    isFinite: () => areFinite(layers),
    async keep(folder) {
      await writeLayers(join(folder, "weights.bin"), layers);
      await writeLayers(join(folder, "velocities.bin"), velocities);
    },
    async restore(folder) {
      await readLayers(join(folder, "weights.bin"), layers);
      await readLayers(join(folder, "velocities.bin"), velocities);
    },
    layers: async () => layers,
    async close() {
      await forward.close();
      await update.close();
    },
  };
}
