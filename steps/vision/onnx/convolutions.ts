import type { Convolution, DepthwiseConvolution, Tensor, TransposedConvolution } from "../graph/graph.ts";
import type { Builder } from "./builder.ts";

/** Appends a convolution over images with their channels first; kernels become out × in × height × width. */
export function appendConvolution(
  builder: Builder,
  input: string,
  operator: Convolution | DepthwiseConvolution,
): string {
  const { kernel, bias, strides, dilation, pads } = operator;
  const [height = 1, width = 1, a = 1, b = 1] = kernel.shape;
  const depthwise = operator.op === "depthwiseConv";
  const channels = depthwise ? a * b : b;
  const depth = depthwise ? 1 : a;
  const data = new Float32Array(kernel.data.length);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let at = 0; at < a * b; at++) {
      const out = depthwise ? at : at % b;
      const inside = depthwise ? 0 : Math.floor(at / b);
      data[(out * depth + inside) * height * width + pixel] = kernel.data[pixel * a * b + at] as number;
    }
  }
  const weights = builder.floats([channels, depth, height, width], data);
  return builder.node("Conv", [input, weights, biasOf(builder, bias, channels)], {
    kernel_shape: { ints: [height, width] },
    strides: { ints: strides },
    dilations: { ints: dilation },
    pads: { ints: pads },
    group: { int: depthwise ? a : operator.groups },
  });
}

/** Kernels become in × out × height × width. */
export function appendTransposed(builder: Builder, input: string, operator: TransposedConvolution): string {
  const { kernel, bias, strides, dilation, pads, more } = operator;
  const [height = 1, width = 1, outs = 1, ins = 1] = kernel.shape;
  const data = new Float32Array(kernel.data.length);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let out = 0; out < outs; out++) {
      for (let inside = 0; inside < ins; inside++) {
        data[(inside * outs + out) * height * width + pixel] = kernel.data[
          (pixel * outs + out) * ins + inside
        ] as number;
      }
    }
  }
  const weights = builder.floats([ins, outs, height, width], data);
  return builder.node("ConvTranspose", [input, weights, biasOf(builder, bias, outs)], {
    kernel_shape: { ints: [height, width] },
    strides: { ints: strides },
    dilations: { ints: dilation },
    pads: { ints: pads },
    output_padding: { ints: more },
  });
}

function biasOf(builder: Builder, bias: Tensor | undefined, channels: number): string {
  return builder.floats([channels], bias?.data ?? new Float32Array(channels));
}
