import type { Tensor } from "../graph/graph.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.Dense, along the last axis: on an image it is a convolution of 1 × 1. */
export const dense = defineLayer({
  classes: ["Dense"],
  settings: (settings) => ({
    units: settings.whole("units"),
    bias: settings.flag("use_bias", true),
    activation: settings.activation("activation"),
  }),
  weights: ({ units, bias }, input) => ({
    kernel: [input.at(-1) as number, units],
    ...(bias ? { bias: [units] } : {}),
  }),
  build(builder, { settings, input, weights }) {
    const kernel = weights.kernel as Tensor;
    const bias = weights.bias === undefined ? {} : { bias: weights.bias };
    const product =
      input.shape.length === 3
        ? builder.add({
            op: "conv",
            input,
            kernel: { shape: [1, 1, ...kernel.shape], data: kernel.data },
            ...bias,
            strides: [1, 1],
            dilation: [1, 1],
            pads: [0, 0, 0, 0],
            groups: 1,
          })
        : builder.add({ op: "matmul", input, kernel, ...bias });
    return settings.activation(builder, product);
  },
});
