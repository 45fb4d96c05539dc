import { afterAll, expect, test } from "vitest";
import { onnxAlgebra } from "../../steps/compute/onnx/linear-algebra.ts";
import { randomStream } from "../../steps/compute/random.ts";
import { openDirect } from "../../steps/train/direct.ts";
import type { Method, Training } from "../../steps/train/method.ts";
import { completed, type Sgd } from "../../steps/train/optimizers/optimizer.ts";
import { openWindows } from "../../steps/train/sample-space/windows.ts";
import { initialState } from "../../steps/train/state.ts";
import { trainInFloat64 } from "./in-float64.ts";
import { featuresOf, openSampled, removeFolders } from "./rows.ts";

afterAll(removeFolders);

// What float32 does to a training: in sample space it is taken no further from the one in float64
// than going down the gradient is.

interface Choice {
  readonly hidden?: readonly number[];
  readonly activation?: "tanh" | "relu";
  readonly optimizer?: Partial<Sgd>;
  readonly classWeights?: readonly number[];
  readonly labelSmoothing?: number;
  /** Of the learning rate, by step. */
  readonly factor?: (step: number) => number;
}

const choices: Readonly<Record<string, Choice>> = {
  "no momentum": { optimizer: { momentum: 0 } },
  momentum: {},
  "much momentum": { optimizer: { momentum: 0.99, learningRate: 0.002 } },
  nesterov: { optimizer: { nesterov: true } },
  "weight decay": { optimizer: { weightDecay: 0.3 } },
  "nesterov with weight decay": { optimizer: { nesterov: true, weightDecay: 0.1 } },
  decay: { factor: (step) => 1 / (1 + 0.05 * step) },
  "a schedule in steps": { factor: (step) => 0.5 ** Math.floor(step / 18) },
  "an exponential schedule": { factor: (step) => 0.96 ** step },
  "a cosine schedule with warmup": {
    factor: (step) => (step < 12 ? step / 12 : (1 + Math.cos((Math.PI * (step - 12)) / 48)) / 2),
  },
  "class weights": { classWeights: [0.5, 1, 2] },
  "label smoothing": { labelSmoothing: 0.2 },
  relu: { activation: "relu" },
  "softmax regression": { hidden: [] },
  "three hidden layers": { hidden: [12, 8, 6] },
};

const [rows, width, batchSize, steps, seeds] = [90, 300, 16, 60, 4];

test.each(Object.entries(choices))(
  "%s: no way rounds further away than the direct one",
  async (_name, choice) => {
    const off = { direct: 0, "all rows": 0, windows: 0 };
    for (let seed = 0; seed < seeds; seed++) {
      const random = randomStream(seed, "rounding");
      const x = Float32Array.from({ length: rows * width }, () => Math.max(0, random.uniform() * 2 - 1.4));
      const labels = Array.from({ length: rows }, () => random.below(3));
      const hidden = choice.hidden ?? [12, 6];
      const optimizer = completed({ kind: "sgd", learningRate: 0.02, decay: 0, ...choice.optimizer }) as Sgd;
      const { activation = "tanh", labelSmoothing = 0, classWeights, factor = () => 1 } = choice;
      const rateOf = (step: number): number => optimizer.learningRate * factor(step);
      const order = Int32Array.from({ length: rows }, (_, at) => (at * 37) % rows);
      const state = () => initialState([width, ...hidden, 3], seed);
      const told = { labelSmoothing, ...(classWeights === undefined ? {} : { classWeights }) };
      const perEpoch = Math.ceil(rows / batchSize);
      const exact = trainInFloat64({
        ...{ x, labels, layers: state().layers, activation, optimizer, rateOf, ...told },
        batches: Array.from({ length: steps }, (_, step) => {
          const from = (step % perEpoch) * batchSize;
          return [...order.subarray(from, from + batchSize)];
        }),
      });
      const training = (): Training & { readonly optimizer: Sgd } => ({
        ...{
          features: featuresOf({ x, labels }),
          state: state(),
          optimizer,
          batchSize,
          algebra: onnxAlgebra,
        },
        upper: { activations: hidden.map(() => activation), dropout: [], seed, ...told },
      });
      const methods: Readonly<Record<keyof typeof off, Method>> = {
        direct: await openDirect(training()),
        "all rows": await openSampled({ ...training(), training: rows }),
        windows: await openWindows({ ...training(), windowRows: 48 }),
      };
      for (const [name, method] of Object.entries(methods) as [keyof typeof off, Method][]) {
        for (let step = 0; step < steps; step += perEpoch) {
          for await (const _ of method.steps(order, (within) => rateOf(step + within), step)) {
            // Only where it leads to is of interest.
          }
        }
        off[name] += distance(await method.layers(), exact);
        await method.close();
      }
    }
    expect(off["all rows"]).toBeLessThanOrEqual(off.direct);
    expect(off.windows).toBeLessThanOrEqual(off.direct);
  },
);

/** The sum of squares over all weights. */
function distance(
  layers: readonly { readonly kernel: Float32Array; readonly bias: Float32Array }[],
  exact: readonly (readonly number[])[],
): number {
  let sum = 0;
  for (const [at, { kernel, bias }] of layers.entries()) {
    for (const [i, value] of [...kernel, ...bias].entries()) sum += (value - (exact[at]?.[i] as number)) ** 2;
  }
  return sum;
}
