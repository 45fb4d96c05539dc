import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import type { Activation } from "../../steps/learning/heads/activations.ts";
import { openForward } from "../../steps/learning/heads/forward.ts";
import { softmax } from "../../steps/learning/heads/scores.ts";
import { openDirect } from "../../steps/train/direct.ts";
import type { Method, Training } from "../../steps/train/method.ts";
import { completed, type GivenOptimizer } from "../../steps/train/optimizers/optimizer.ts";
import { ruleOf } from "../../steps/train/optimizers/rules.ts";
import { openWindows } from "../../steps/train/sample-space/windows.ts";
import { initialState } from "../../steps/train/state.ts";
import { algebras } from "../runtimes/algebras.ts";
import { featuresOf, openSampled, removeFolders, trainingOf } from "./rows.ts";

afterAll(removeFolders);

interface Case {
  readonly choices: {
    readonly hidden?: number[];
    readonly activation?: Activation | Activation[];
    readonly optimizer?: GivenOptimizer;
    readonly classWeights?: number[];
    readonly labelSmoothing?: number;
  };
  /** By step. */
  readonly losses: number[];
  readonly probabilities: number[];
}

// From bench/golden/training.py; the rows and first weights of the other file.
const golden = (name: string) =>
  JSON.parse(readFileSync(new URL(`../golden/training/${name}.json`, import.meta.url), "utf8"));
const { sizes, batch, x, labels, initial } = golden("expected") as {
  readonly sizes: number[];
  readonly batch: number;
  readonly x: number[];
  readonly labels: number[];
  readonly initial: number[][];
};
const { flat, cases } = golden("choices") as { readonly flat: number[][]; readonly cases: Case[] };
const rows = labels.length;

const all = cases.flatMap((one) => {
  const isSgd = (one.choices.optimizer ?? { kind: "sgd" }).kind === "sgd";
  return (isSgd ? (["direct", "sampleSpace", "windows"] as const) : (["direct"] as const)).map((way) => ({
    ...one,
    way,
  }));
});

describe.each(algebras)("$runtime", ({ open, lack }) => {
  test.skipIf(lack !== "").each(all)(
    "sixty steps are Keras', $way: $choices",
    async ({ choices, losses, probabilities, way }) => {
      const { hidden = sizes.slice(1, -1), activation = "relu", labelSmoothing = 0, classWeights } = choices;
      const { decay = 0, ...given } = choices.optimizer ?? { kind: "sgd", learningRate: 0.05, momentum: 0.9 };
      const optimizer = completed({ decay, ...given });
      const state = initialState([12, ...hidden, 3], 0, ruleOf(optimizer).memory);
      const arrays = state.layers.flatMap(({ kernel, bias }) => [kernel, bias]);
      for (const [at, array] of arrays.entries()) {
        array.set((hidden.length === 0 ? flat : initial)[at] as number[]);
      }
      const activations = Array.isArray(activation) ? activation : hidden.map(() => activation);
      const training = trainingOf({
        algebra: await open(),
        features: featuresOf({ x: Float32Array.from(x), labels }),
        state,
        optimizer,
        upper: {
          activations,
          dropout: [],
          seed: 0,
          labelSmoothing,
          ...(classWeights === undefined ? {} : { classWeights }),
        },
        batchSize: batch,
      });
      const method = await opened(way, training);
      const order = Int32Array.from({ length: rows }, (_, row) => row);
      const { learningRate } = optimizer;
      const isSgd = optimizer.kind === "sgd";
      let step = 0;
      while (step < losses.length) {
        const before = step;
        const rateOf = (within: number): number => learningRate / (1 + optimizer.decay * (before + within));
        for await (const { loss } of method.steps(order, rateOf, before)) {
          const size = Math.min(batch, rows - (step - before) * batch);
          const off = Math.abs(loss / size - (losses[step] as number)) / (losses[0] as number);
          expect(off, `step ${step}`).toBeLessThan(isSgd ? 1e-5 : 1e-4);
          step++;
        }
      }
      const layers = await method.layers();
      await method.close();

      const forward = await openForward({ layers, activations });
      const { logits } = await forward.run(Float32Array.from(x), rows);
      await forward.close();
      for (const [at, value] of softmax(logits, rows).entries()) {
        expect(Math.abs(value - (probabilities[at] as number))).toBeLessThan(1e-4);
      }
    },
  );
});

async function opened(way: (typeof all)[number]["way"], training: Training): Promise<Method> {
  const { optimizer } = training;
  if (way === "direct" || optimizer.kind !== "sgd") return openDirect(training);
  if (way === "windows") return openWindows({ ...training, optimizer, windowRows: 3 * batch });
  return openSampled({ ...training, optimizer, training: rows });
}
