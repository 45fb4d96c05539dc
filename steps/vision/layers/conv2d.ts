import type { Tensor } from "../graph/graph.ts";
import { Refusal } from "../graph/shapes.ts";
import { paddings, padsOf } from "../graph/windows.ts";
import { imageOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.Conv2D */
export const conv2d = defineLayer({
  classes: ["Conv2D"],
  settings: (settings) => ({
    filters: settings.whole("filters"),
    size: settings.pair("kernel_size"),
    strides: settings.pair("strides", 1),
    dilation: settings.pair("dilation_rate", 1),
    padding: settings.oneOf("padding", paddings, "valid"),
    groups: settings.whole("groups", 1),
    bias: settings.flag("use_bias", true),
    activation: settings.activation("activation"),
  }),
  weights({ filters, size, groups, bias }, input) {
    const { channels } = imageOf(input);
    if (channels % groups !== 0 || filters % groups !== 0) {
      throw new Refusal(`${channels} channels and ${filters} filters cannot be split into ${groups} groups`);
    }
    return { kernel: [...size, channels / groups, filters], ...(bias ? { bias: [filters] } : {}) };
  },
  build(builder, { settings, input, weights: { kernel, bias } }) {
    const { strides, dilation, groups, activation } = settings;
    const convolved = builder.add({
      op: "conv",
      input,
      kernel: kernel as Tensor,
      ...(bias === undefined ? {} : { bias }),
      strides,
      dilation,
      pads: padsOf(input.shape, settings),
      groups,
    });
    return activation(builder, convolved);
  },
});
