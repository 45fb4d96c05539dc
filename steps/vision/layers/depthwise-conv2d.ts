import type { Tensor } from "../graph/graph.ts";
import { paddings, padsOf } from "../graph/windows.ts";
import { imageOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.DepthwiseConv2D */
export const depthwiseConv2d = defineLayer({
  classes: ["DepthwiseConv2D"],
  settings: (settings) => ({
    // Keras 2 writes down what it does not use.
    groups: settings.oneOf("groups", [1], 1),
    size: settings.pair("kernel_size"),
    strides: settings.pair("strides", 1),
    dilation: settings.pair("dilation_rate", 1),
    padding: settings.oneOf("padding", paddings, "valid"),
    multiplier: settings.whole("depth_multiplier", 1),
    bias: settings.flag("use_bias", true),
    activation: settings.activation("activation"),
  }),
  weights({ size, multiplier, bias }, input) {
    const { channels } = imageOf(input);
    return {
      depthwise_kernel: [...size, channels, multiplier],
      ...(bias ? { bias: [channels * multiplier] } : {}),
    };
  },
  // Keras 3's name.
  alsoCalled: { kernel: "depthwise_kernel" },
  build(builder, { settings, input, weights: { depthwise_kernel, bias } }) {
    const convolved = builder.add({
      op: "depthwiseConv",
      input,
      kernel: depthwise_kernel as Tensor,
      ...(bias === undefined ? {} : { bias }),
      strides: settings.strides,
      dilation: settings.dilation,
      pads: padsOf(input.shape, settings),
    });
    return settings.activation(builder, convolved);
  },
});
