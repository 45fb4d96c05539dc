import type { Kernel } from "../compute/kernel.ts";
import { backThrough, denseGradient } from "../learning/heads/dense.ts";
import type { RuleStep } from "./optimizers/rule.ts";
import { arraysOf, type TrainState } from "./state.ts";

/** A layer above the first, in training. */
export interface TailLayer {
  /**
   * The gradient before the activation below: rows × inputs, in memory that may be used again by the next call.
   *
   * @param slopes of that activation, rows × inputs.
   * @param delta the gradient at the layer's output before its activation, rows × units.
   */
  back(slopes: Float32Array, delta: Float32Array, rows: number): Promise<Float32Array>;
  /** Moves the layer's weights. Overwrites `delta`. */
  move(gradients: Gradients): Promise<void>;
}

interface Gradients {
  /** What the layer was given, rows × inputs. */
  readonly input: Float32Array;
  readonly delta: Float32Array;
  readonly rows: number;
  readonly step: RuleStep;
}

/**
 * @param at the layer's position in the head, from 1 on.
 * @param wide its kernel in the runtime, through which the input went forward before; absent: loops compute it.
 */
export function tailLayer(state: TrainState, at: number, wide: Kernel | undefined): TailLayer {
  const layer = state.layers[at];
  if (layer === undefined) throw new Error(`there is no layer ${at}`);
  const [kernel, bias] = [arraysOf(state, at, "kernel"), arraysOf(state, at, "bias")];
  if (wide === undefined) {
    return {
      back: async (slopes, delta, rows) => backThrough(layer, slopes, delta, rows),
      async move({ input, delta, rows, step }) {
        const gradient = denseGradient(layer, input, delta, rows);
        step.move(kernel, gradient.kernel);
        step.move(bias, gradient.bias);
      },
    };
  }
  return {
    async back(slopes, delta) {
      const gradient = await wide.back(delta);
      for (let at = 0; at < gradient.length; at++) {
        gradient[at] = (gradient[at] as number) * (slopes[at] as number);
      }
      return gradient;
    },
    async move({ delta, step }) {
      step.move(bias, sumOfRows(delta, layer.units));
      await wide.move(delta, step);
    },
  };
}

/** rows × width → width. */
export function sumOfRows(values: Float32Array, width: number): Float64Array {
  const sums = new Float64Array(width);
  for (let at = 0; at < values.length; at += width) {
    for (let j = 0; j < width; j++) sums[j] = (sums[j] as number) + (values[at + j] as number);
  }
  return sums;
}
