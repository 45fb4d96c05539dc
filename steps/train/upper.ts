import type { Kernel } from "../compute/kernel.ts";
import { randomStream } from "../compute/random.ts";
import { type Activation, slopesAt } from "../learning/heads/activations.ts";
import type { Dense } from "../learning/heads/dense.ts";
import { passFrom } from "../learning/heads/forward.ts";
import { areFinite } from "../learning/heads/model.ts";
import { isWide } from "../learning/heads/products.ts";
import { lossGradient, type Score, scoreOf } from "../learning/heads/scores.ts";
import { dropOut } from "./dropout.ts";
import type { Training } from "./method.ts";
import { ruleOf } from "./optimizers/rules.ts";
import { arraysOf } from "./state.ts";
import { sumOfRows, type TailLayer, tailLayer } from "./tail-layer.ts";

/**
 * What lies above the products of rows and the first kernel: the first bias, its
 * activation, all further layers and the loss. Every way to train has it as it
 * is here.
 */
export interface Upper {
  /**
   * One step of the optimizer on a batch.
   *
   * @param products x · kernel of the first layer: rows × its units. Overwritten.
   * @param step counted from 0, since training began.
   * @returns the score before the step, and the gradient of the mean loss at `products`.
   */
  step(
    products: Float32Array,
    labels: Int32Array,
    rows: number,
    rate: number,
    step: number,
  ): Promise<UpperStep>;
  /** The score of rows that are not trained on, all of one weight. Overwrites `products`. */
  score(products: Float32Array, labels: Int32Array, rows: number): Promise<Score>;
  /** Whether all that it moves is. */
  isFinite(): Promise<boolean>;
  /** Brings what it moves in `state` up to date. */
  read(): Promise<void>;
  /** Goes on from what is in `state`. */
  write(): Promise<void>;
  close(): Promise<void>;
}

export interface UpperStep extends Score {
  /** rows × units of the first layer; its memory may be used again by the next step. */
  readonly delta: Float32Array;
}

/**
 * Moves the first bias and all further layers of `state`, kernels of wide ones in
 * the runtime; the first kernel is for others to move.
 */
export async function openUpper({
  state,
  optimizer,
  upper,
  algebra,
}: Pick<Training, "state" | "optimizer" | "upper" | "algebra">): Promise<Upper> {
  const { layers } = state;
  const [first, ...others] = layers as [Dense, ...Dense[]];
  const rule = ruleOf(optimizer);
  const wide = new Map<Dense, Kernel>();
  for (const [at, layer] of others.entries()) {
    const { inputs, units } = layer;
    const arrays = arraysOf(state, at + 1, "kernel");
    if (isWide(layer)) wide.set(layer, await algebra.openKernel({ inputs, units, arrays, rule }));
  }
  const head = { layers, activations: upper.activations, wide };
  const tail = others.map((layer, at) => tailLayer(state, at + 1, wide.get(layer)));
  const firstBias = arraysOf(state, 0, "bias");
  const { labelSmoothing } = upper;
  const read = async (): Promise<void> => {
    for (const kernel of wide.values()) await kernel.read();
  };
  return {
    async step(products, labels, rows, rate, step) {
      const factors: (Float32Array | undefined)[] = [];
      const pass = await passFrom(products, head, rows, (values, layer) => {
        const share = upper.dropout[layer] ?? 0;
        // A stream of its own for every step: it is the same where training is gone on with.
        const stream = () => randomStream(upper.seed, `dropout ${layer} ${step}`);
        factors.push(share === 0 ? undefined : dropOut(values, share, stream()));
      });
      const score = scoreOf(pass.logits, labels, rows, upper);
      const slopes = pass.sums.map((sums, at) => slopesOf(sums, upper.activations[at], factors[at]));
      const deltas = await backward(tail, slopes, lossGradient(pass.logits, labels, rows, upper), rows);
      // Nothing has moved so far: all gradients are those of the weights before the step.
      const ruleStep = rule.at(rate, step);
      for (const [at, layer] of tail.entries()) {
        const [input, delta] = [pass.inputs[at], deltas[at + 1]] as [Float32Array, Float32Array];
        await layer.move({ input, delta, rows, step: ruleStep });
      }
      const [delta] = deltas as [Float32Array];
      ruleStep.move(firstBias, sumOfRows(delta, first.units));
      return { ...score, delta };
    },
    async score(products, labels, rows) {
      const { logits } = await passFrom(products, head, rows);
      return scoreOf(logits, labels, rows, { labelSmoothing });
    },
    async isFinite() {
      await read();
      return areFinite([{ ...first, kernel: first.bias }, ...others]);
    },
    read,
    async write() {
      for (const kernel of wide.values()) await kernel.write();
    },
    async close() {
      for (const kernel of wide.values()) await kernel.close();
    },
  };
}

/** By what a layer's sums count in its output, which dropout may have multiplied by `factors`. */
function slopesOf(
  sums: Float32Array,
  activation: Activation | undefined,
  factors: Float32Array | undefined,
): Float32Array {
  if (activation === undefined) throw new Error("a layer has no activation");
  const slopes = slopesAt(sums, activation);
  if (factors === undefined) return slopes;
  return slopes.map((slope, at) => slope * (factors[at] as number));
}

/** The gradient at the output of every layer, before its activation, the first's first. */
async function backward(
  tail: readonly TailLayer[],
  slopes: readonly Float32Array[],
  top: Float32Array,
  rows: number,
): Promise<readonly Float32Array[]> {
  const deltas = [top];
  for (const [at, layer] of [...tail.entries()].reverse()) {
    deltas.unshift(await layer.back(slopes[at] as Float32Array, deltas[0] as Float32Array, rows));
  }
  return deltas;
}
