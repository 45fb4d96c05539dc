import type { Tensor } from "../../compute/tensorflow/session.ts";
import {
  type Tensor as Constant,
  type Convolution,
  type DepthwiseConvolution,
  lengthOf,
  type Pads,
  type Pair,
  type TransposedConvolution,
} from "../graph/graph.ts";
import type { Compute, Place } from "./place.ts";

/** TensorFlow's own operation, as TensorFlow.js' has no groups, and either strides or dilation. */
export function convolution(place: Place, operator: Convolution): Compute {
  const { input, kernel, strides, dilation, pads } = operator;
  const weights = place.constant(kernel.shape, kernel.data);
  const settings = { ...moving(strides, pads), dilations: [1, ...dilation, 1] };
  const biased = withBias(place, operator.bias);
  return (take) => biased(place.operation("Conv2D", settings, [take(input), weights]));
}

/**
 * TensorFlow's operation has one stride for both axes, and on CPUs no dilation:
 * zeros in the kernel are as good, and rows or columns are left out afterwards.
 */
export function depthwiseConvolution(place: Place, operator: DepthwiseConvolution): Compute {
  const { tf } = place;
  const { input, strides, pads } = operator;
  const kernel = dilated(operator.kernel, operator.dilation);
  const weights = place.constant(kernel.shape, kernel.data);
  const isEven = strides[0] === strides[1];
  const settings = moving(isEven ? strides : [1, 1], pads);
  const biased = withBias(place, operator.bias);
  return (take) => {
    const all = place.operation("DepthwiseConv2dNative", settings, [take(input), weights]);
    const taken = isEven ? all : tf.stridedSlice(all, [0, 0, 0, 0], all.shape, [1, ...strides, 1]);
    return biased(taken);
  };
}

/** The whole of what is spread, then what `pads` says is cut off. */
export function transposedConvolution(place: Place, operator: TransposedConvolution): Compute {
  const { tf } = place;
  const { input, strides, pads, more } = operator;
  const kernel = dilated(operator.kernel, operator.dilation);
  const weights = place.constant(kernel.shape, kernel.data);
  const channels = kernel.shape[2] ?? 1;
  const whole = [0, 1].map((axis) => {
    const steps = ((input.shape[axis] ?? 1) - 1) * (strides[axis] ?? 1);
    return steps + (kernel.shape[axis] ?? 1) + (more[axis] ?? 0);
  });
  const size = [0, 1].map((axis) => (whole[axis] ?? 0) - (pads[axis] ?? 0) - (pads[axis + 2] ?? 0));
  const biased = withBias(place, operator.bias);
  return (take) => {
    const value = take(input);
    const count = value.shape[0] ?? 0;
    const sizes = tf.tensor1d([count, ...whole, channels], "int32");
    const settings = moving(strides, [0, 0, 0, 0]);
    const spread = place.operation("Conv2DBackpropInput", settings, [sizes, weights, value]);
    return biased(tf.slice(spread, [0, pads[0], pads[1], 0], [count, ...size, channels]));
  };
}

/** Settings that all windows have. */
export function moving(strides: Pair, pads: Pads) {
  return { strides: [1, ...strides, 1], data_format: "NHWC", ...padding(pads) };
}

function padding([top, left, bottom, right]: Pads) {
  const isValid = top + left + bottom + right === 0;
  return isValid
    ? { padding: "VALID" }
    : { padding: "EXPLICIT", explicit_paddings: [0, 0, top, bottom, left, right, 0, 0] };
}

function withBias(place: Place, bias: Constant | undefined): (value: Tensor) => Tensor {
  if (bias === undefined) return (value) => value;
  const values = place.constant(bias.shape, bias.data);
  return (value) => place.operation("BiasAdd", { data_format: "NHWC" }, [value, values]);
}

/** The kernel with the zeros in it that dilation leaves out. */
function dilated(kernel: Constant, [rows, columns]: Pair): Constant {
  if (rows === 1 && columns === 1) return kernel;
  const [height = 1, width = 1, ...channels] = kernel.shape;
  const depth = lengthOf(channels);
  const shape = [(height - 1) * rows + 1, (width - 1) * columns + 1, ...channels];
  const data = new Float32Array(lengthOf(shape));
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = (row * width + column) * depth;
      const to = (row * rows * (shape[1] ?? 1) + column * columns) * depth;
      data.set(kernel.data.subarray(from, from + depth), to);
    }
  }
  return { shape, data };
}
