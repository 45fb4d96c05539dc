import type { JsonObject } from "../../../engine/json.ts";
import { lengthOf, type Shape, type Tensor } from "../../vision/graph/graph.ts";
import type { LayersBuilder } from "./builder.ts";
import type { ModelLayer } from "./model-layer.ts";

// Layers of one line, and a few that stand for what no layer is.

export const channelsLast = { data_format: "channels_last" } as const;

/** A layer that gives what it takes, changed one by one. */
export function each(
  builder: LayersBuilder,
  from: ModelLayer,
  className: string,
  config: JsonObject,
): ModelLayer {
  return builder.add(from, { className, config, shape: from.shape });
}

/** scale · x + offset */
export function rescaled(builder: LayersBuilder, from: ModelLayer, scale: number, offset = 0): ModelLayer {
  if (scale === 1 && offset === 0) return from;
  return each(builder, from, "Rescaling", { scale, offset });
}

export function activated(builder: LayersBuilder, from: ModelLayer, activation: string): ModelLayer {
  return each(builder, from, "Activation", { activation });
}

export function reshaped(builder: LayersBuilder, from: ModelLayer, shape: Shape): ModelLayer {
  if (shape.length === from.shape.length && shape.every((size, axis) => size === from.shape[axis]))
    return from;
  if (shape.length === 1) return builder.add(from, { className: "Flatten", config: channelsLast, shape });
  return builder.add(from, { className: "Reshape", config: { target_shape: [...shape] }, shape });
}

/** @param order of axes, counted without the batch. */
export function permuted(builder: LayersBuilder, from: ModelLayer, order: readonly number[]): ModelLayer {
  if (order.every((axis, at) => axis === at)) return from;
  return builder.add(from, {
    className: "Permute",
    config: { dims: order.map((axis) => axis + 1) },
    shape: order.map((axis) => from.shape[axis] as number),
  });
}

/** What works on the last axes, done on others; what is made of them has the same number of axes. */
export function alongAxes(
  builder: LayersBuilder,
  from: ModelLayer,
  axes: readonly number[],
  make: (from: ModelLayer) => ModelLayer,
): ModelLayer {
  const others = from.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const order = [...others, ...axes];
  const back = order.map((_, axis) => order.indexOf(axis));
  return permuted(builder, make(permuted(builder, from, order)), back);
}

/** Over several axes at once. */
export function softmax(builder: LayersBuilder, from: ModelLayer, axes: readonly number[]): ModelLayer {
  return alongAxes(builder, from, axes, (last) => {
    const row = [...last.shape.slice(0, -axes.length), lengthOf(last.shape.slice(-axes.length))];
    const shares = each(builder, reshaped(builder, last, row), "Softmax", { axis: -1 });
    return reshaped(builder, shares, last.shape);
  });
}

/** Along the last axis. Kernel: in × out. */
export function dense(
  builder: LayersBuilder,
  from: ModelLayer,
  kernel: Tensor,
  { bias, activation = "linear", trainable = false }: DenseOptions = {},
): ModelLayer {
  const units = kernel.shape[1] as number;
  return builder.add(from, {
    className: "Dense",
    config: { units, activation, use_bias: bias !== undefined },
    weights: { kernel, ...(bias === undefined ? {} : { bias }) },
    shape: [...from.shape.slice(0, -1), units],
    trainable,
  });
}

interface DenseOptions {
  readonly bias?: Tensor;
  readonly activation?: string;
  readonly trainable?: boolean;
}

/** scale · x + shift with numbers of its own for each place along the last axis, of arrays of any rank. */
export function scaledAndShifted(
  builder: LayersBuilder,
  from: ModelLayer,
  scale: ArrayLike<number>,
  shift: ArrayLike<number>,
): ModelLayer {
  const shape = [scale.length];
  const all = (value: number): Tensor => ({ shape, data: new Float32Array(scale.length).fill(value) });
  return builder.add(from, {
    className: "BatchNormalization",
    config: { axis: -1, epsilon: EPSILON },
    weights: {
      gamma: { shape, data: Float32Array.from(scale) },
      beta: { shape, data: Float32Array.from(shift) },
      moving_mean: all(0),
      // With epsilon it is 1 in float32.
      moving_variance: all(1 - EPSILON),
    },
    shape: from.shape,
  });
}

/** Keras' own: some libraries take no smaller one. */
const EPSILON = 1e-3;

/**
 * scale · x + shift with numbers of its own for each value of an array. Where the
 * scale is 1 it is the exact sum, which a batch normalization does not promise.
 */
export function scaledOneByOne(
  builder: LayersBuilder,
  from: ModelLayer,
  scale: ArrayLike<number>,
  shift: ArrayLike<number>,
): ModelLayer {
  const length = lengthOf(from.shape);
  const row = reshaped(builder, from, [1, 1, length]);
  const moved = builder.add(row, {
    className: "DepthwiseConv2D",
    config: { kernel_size: [1, 1], ...channelsLast },
    weights: {
      kernel: { shape: [1, 1, length, 1], data: Float32Array.from(scale) },
      bias: { shape: [length], data: Float32Array.from(shift) },
    },
    shape: row.shape,
  });
  return reshaped(builder, moved, from.shape);
}
