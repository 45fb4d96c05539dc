import type { Dense } from "../learning/heads/dense.ts";
import { areFinite } from "../learning/heads/model.ts";
import { batches } from "./batches.ts";
import { keepState, restoreState } from "./kept-state.ts";
import type { Method, Training } from "./method.ts";
import { ruleOf } from "./optimizers/rules.ts";
import { arraysOf } from "./state.ts";
import { openUpper } from "./upper.ts";

/**
 * Every row goes through the first kernel, and its gradient into it, at every
 * step: what works for every optimizer, and what the other way is compared with.
 * A checkpoint is the whole state (`kept-state.ts`).
 */
export async function openDirect(training: Training): Promise<Method> {
  const { features, state, optimizer, batchSize, algebra } = training;
  const { layers } = state;
  const { inputs, units } = layers[0] as Dense;
  const rule = ruleOf(optimizer);
  const kernel = await algebra.openKernel({ inputs, units, arrays: arraysOf(state, 0, "kernel"), rule });
  const upper = await openUpper(training);
  const read = async (): Promise<void> => {
    await kernel.read();
    await upper.read();
  };
  return {
    async *steps(order, rateOf, before) {
      let taken = 0;
      for await (const { x, labels, rows } of batches(features, order, batchSize)) {
        const [rate, step] = [rateOf(taken), before + taken];
        const products = await kernel.forward(x, rows);
        const { loss, correct, delta } = await upper.step(products, labels, rows, rate, step);
        await kernel.move(delta, rule.at(rate, step));
        taken++;
        yield { loss, correct };
      }
    },
    async score(positions) {
      const total = { loss: 0, correct: 0 };
      for await (const { x, labels, rows } of batches(features, positions, batchSize)) {
        const products = await kernel.forward(x, rows);
        const { loss, correct } = await upper.score(products, labels, rows);
        total.loss += loss;
        total.correct += correct;
      }
      return total;
    },
    async isFinite() {
      await read();
      return areFinite(layers);
    },
    async keep(folder) {
      await read();
      await keepState(folder, state);
    },
    async restore(folder) {
      await restoreState(folder, state);
      await kernel.write();
      await upper.write();
    },
    async layers() {
      await read();
      return layers;
    },
    async close() {
      await kernel.close();
      await upper.close();
    },
  };
}
