import type { Tensor } from "../graph/graph.ts";
import { paddings, padsOf } from "../graph/windows.ts";
import { imageOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.SeparableConv2D: every channel on its own, then 1 × 1 (Chollet, "Xception", 2016). */
export const separableConv2d = defineLayer({
  classes: ["SeparableConv2D"],
  settings: (settings) => ({
    filters: settings.whole("filters"),
    size: settings.pair("kernel_size"),
    strides: settings.pair("strides", 1),
    dilation: settings.pair("dilation_rate", 1),
    padding: settings.oneOf("padding", paddings, "valid"),
    multiplier: settings.whole("depth_multiplier", 1),
    // Keras 2 writes down what it does not use.
    groups: settings.oneOf("groups", [1], 1),
    bias: settings.flag("use_bias", true),
    activation: settings.activation("activation"),
  }),
  weights({ filters, size, multiplier, bias }, input) {
    const { channels } = imageOf(input);
    return {
      depthwise_kernel: [...size, channels, multiplier],
      pointwise_kernel: [1, 1, channels * multiplier, filters],
      ...(bias ? { bias: [filters] } : {}),
    };
  },
  build(builder, { settings, input, weights: { depthwise_kernel, pointwise_kernel, bias } }) {
    const { strides, dilation, activation } = settings;
    const apart = builder.add({
      op: "depthwiseConv",
      input,
      kernel: depthwise_kernel as Tensor,
      strides,
      dilation,
      pads: padsOf(input.shape, settings),
    });
    const together = builder.add({
      op: "conv",
      input: apart,
      kernel: pointwise_kernel as Tensor,
      ...(bias === undefined ? {} : { bias }),
      strides: [1, 1],
      dilation: [1, 1],
      pads: [0, 0, 0, 0],
      groups: 1,
    });
    return activation(builder, together);
  },
});
