import {
  type Convolution,
  type DepthwiseConvolution,
  lengthOf,
  type Operator,
  type Pads,
  type Pair,
  type Pooling,
  type Shape,
  type Tensor,
} from "../../vision/graph/graph.ts";
import { Refusal, windowed } from "../../vision/graph/shapes.ts";
import { padsOf } from "../../vision/graph/windows.ts";
import type { LayersBuilder } from "./builder.ts";
import type { ModelLayer } from "./model-layer.ts";
import { channelsLast } from "./pieces.ts";

// Layers with a window that moves over an image.

export function convolution(
  builder: LayersBuilder,
  from: ModelLayer,
  operator: Convolution,
  shape: Shape,
): ModelLayer {
  const { kernel: given, bias, strides, groups } = operator;
  const [height = 1, width = 1, depth = 1, filters = 1] = given.shape;
  if (groups > 1 && depth === 1) {
    const kernel = { shape: [height, width, groups, filters / groups], data: given.data };
    return depthwiseConvolution(builder, from, { ...operator, op: "depthwiseConv", kernel }, shape);
  }
  // Neither Keras nor TensorFlow.js has both.
  const isSpread = strides.some((stride) => stride > 1);
  const kernel = isSpread ? dilated(given, operator.dilation) : given;
  const dilation: Pair = isSpread ? [1, 1] : operator.dilation;
  const size: Pair = [kernel.shape[0] as number, kernel.shape[1] as number];
  const { image, padding } = bordered(builder, from, { size, strides, dilation, pads: operator.pads });
  return builder.add(image, {
    className: "Conv2D",
    config: {
      ...{ filters, kernel_size: size, strides, padding, dilation_rate: dilation, groups },
      use_bias: bias !== undefined,
      ...channelsLast,
    },
    weights: { kernel, ...(bias === undefined ? {} : { bias }) },
    shape,
  });
}

export function depthwiseConvolution(
  builder: LayersBuilder,
  from: ModelLayer,
  { kernel: given, bias, strides, dilation, pads }: DepthwiseConvolution,
  shape: Shape,
): ModelLayer {
  // TensorFlow.js' layer has no dilation.
  const kernel = dilated(given, dilation);
  const [height = 1, width = 1, channels = 1, multiplier = 1] = kernel.shape;
  const size: Pair = [height, width];
  // TensorFlow has none whose strides differ: there the places are taken out of all of them.
  const isEven = strides[0] === strides[1];
  const own: Pair = isEven ? strides : [1, 1];
  const moving = { size, strides: own, dilation: [1, 1], pads } as const;
  const { image, padding } = bordered(builder, from, moving);
  const all = builder.add(image, {
    className: "DepthwiseConv2D",
    config: {
      ...{ kernel_size: size, strides: own, padding, depth_multiplier: multiplier },
      use_bias: bias !== undefined,
      ...channelsLast,
    },
    weights: { kernel, ...(bias === undefined ? {} : { bias }) },
    shape: isEven ? shape : [...windowed(from.shape, size, moving), channels * multiplier],
  });
  if (isEven) return all;
  const config = { pool_size: [1, 1], strides, padding: "valid", ...channelsLast };
  return builder.add(all, { className: "MaxPooling2D", config, shape });
}

/** Without a border of its own: what lies outside is cut off, and zeros are added before where there is too little. */
export function transposedConvolution(
  builder: LayersBuilder,
  from: ModelLayer,
  { kernel: given, bias, strides, dilation, pads }: Operator & { op: "transposedConv" },
  shape: Shape,
): ModelLayer {
  const kernel = dilated(given, dilation);
  const [height = 1, width = 1, filters = 1] = kernel.shape;
  const size: Pair = [height, width];
  const along = (at: 0 | 1): { readonly zeros: number; readonly cut: number; readonly size: number } => {
    const whole = (pixels: number): number => (pixels - 1) * strides[at] + Math.max(size[at], strides[at]);
    const wanted = pads[at] + (shape[at] as number);
    const pixels = from.shape[at] as number;
    const zeros = Math.max(Math.ceil((wanted - whole(pixels)) / strides[at]), 0);
    return { zeros, cut: whole(pixels + zeros) - wanted, size: whole(pixels + zeros) };
  };
  const [rows, columns] = [along(0), along(1)];
  const padded = zerosAround(builder, from, [0, 0, rows.zeros, columns.zeros]);
  const spread = builder.add(padded, {
    className: "Conv2DTranspose",
    config: {
      ...{ filters, kernel_size: size, strides, padding: "valid" },
      use_bias: bias !== undefined,
      ...channelsLast,
    },
    weights: { kernel, ...(bias === undefined ? {} : { bias }) },
    shape: [rows.size, columns.size, filters],
  });
  return cropped(builder, spread, [pads[0], pads[1], rows.cut, columns.cut]);
}

/** @param isNeverNegative whether a zero is never larger than what is there. */
export function pooling(
  builder: LayersBuilder,
  from: ModelLayer,
  { kind, window: size, strides, pads }: Pooling,
  { shape, isNeverNegative }: { readonly shape: Shape; readonly isNeverNegative: boolean },
): ModelLayer {
  const { image, padding } = bordered(builder, from, { size, strides, dilation: [1, 1], pads });
  if (image !== from && !(kind === "max" && isNeverNegative)) {
    throw new Refusal("no pooling layer has a border that differs on its sides");
  }
  return builder.add(image, {
    className: kind === "max" ? "MaxPooling2D" : "AveragePooling2D",
    config: { pool_size: size, strides, padding, ...channelsLast },
    shape,
  });
}

interface Moving {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilation: Pair;
  readonly pads: Pads;
}

/** The border as a layer's own padding where it is that, as zeros around the image elsewhere. */
function bordered(builder: LayersBuilder, from: ModelLayer, { pads, ...moving }: Moving) {
  if (pads.every((pad) => pad === 0)) return { image: from, padding: "valid" };
  const same = padsOf(from.shape, { ...moving, padding: "same" });
  if (pads.every((pad, side) => pad === same[side])) return { image: from, padding: "same" };
  return { image: zerosAround(builder, from, pads), padding: "valid" };
}

export function zerosAround(builder: LayersBuilder, from: ModelLayer, pads: Pads): ModelLayer {
  if (pads.every((pad) => pad === 0)) return from;
  const [height = 1, width = 1, channels = 1] = from.shape;
  return builder.add(from, {
    className: "ZeroPadding2D",
    config: { padding: sides(pads), ...channelsLast },
    shape: [height + pads[0] + pads[2], width + pads[1] + pads[3], channels],
  });
}

export function cropped(builder: LayersBuilder, from: ModelLayer, pads: Pads): ModelLayer {
  if (pads.every((pad) => pad === 0)) return from;
  const [height = 1, width = 1, channels = 1] = from.shape;
  return builder.add(from, {
    className: "Cropping2D",
    config: { cropping: sides(pads), ...channelsLast },
    shape: [height - pads[0] - pads[2], width - pads[1] - pads[3], channels],
  });
}

function sides([top, left, bottom, right]: Pads): number[][] {
  return [
    [top, bottom],
    [left, right],
  ];
}

/** A kernel with zeros between its numbers: height × width × … */
function dilated(kernel: Tensor, [down, across]: Pair): Tensor {
  if (down === 1 && across === 1) return kernel;
  const [height = 1, width = 1, ...rest] = kernel.shape;
  const shape = [(height - 1) * down + 1, (width - 1) * across + 1, ...rest];
  const data = new Float32Array(lengthOf(shape));
  const length = lengthOf(rest);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = (row * width + column) * length;
      const to = (row * down * (shape[1] as number) + column * across) * length;
      data.set(kernel.data.subarray(from, from + length), to);
    }
  }
  return { shape, data };
}
