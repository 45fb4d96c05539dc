import type { Pair, Tensor } from "../graph/graph.ts";
import { Refusal } from "../graph/shapes.ts";
import { type Padding, paddings } from "../graph/windows.ts";
import { imageOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.Conv2DTranspose: the gradient of a convolution with the same padding. */
export const conv2dTranspose = defineLayer({
  classes: ["Conv2DTranspose"],
  settings(settings) {
    const given = settings.json("output_padding") ?? undefined;
    return {
      filters: settings.whole("filters"),
      size: settings.pair("kernel_size"),
      strides: settings.pair("strides", 1),
      dilation: settings.pair("dilation_rate", 1),
      padding: settings.oneOf("padding", paddings, "valid"),
      outputPadding: given === undefined ? undefined : settings.pair("output_padding", 0, 0),
      groups: settings.oneOf("groups", [1], 1),
      bias: settings.flag("use_bias", true),
      activation: settings.activation("activation"),
    };
  },
  weights({ filters, size, bias }, input) {
    const { channels } = imageOf(input);
    return { kernel: [...size, filters, channels], ...(bias ? { bias: [filters] } : {}) };
  },
  build(builder, { settings, input, weights: { kernel, bias } }) {
    const { strides, dilation, activation } = settings;
    const rows = along(input.shape, settings, 0);
    const columns = along(input.shape, settings, 1);
    const spread = builder.add({
      op: "transposedConv",
      input,
      kernel: kernel as Tensor,
      ...(bias === undefined ? {} : { bias }),
      strides,
      dilation,
      pads: [rows.before, columns.before, rows.after, columns.after],
      more: [rows.more, columns.more],
    });
    return activation(builder, spread);
  },
});

interface Spread {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilation: Pair;
  readonly padding: Padding;
  readonly outputPadding: Pair | undefined;
}

/** What is cut off before and after on an axis, or added, so that Keras' size comes out (`deconv_output_length`). */
function along(shape: readonly number[], settings: Spread, at: 0 | 1) {
  const input = shape[at] as number;
  const stride = settings.strides[at];
  const reach = (settings.size[at] - 1) * settings.dilation[at] + 1;
  const isSame = settings.padding === "same";
  const more = settings.outputPadding?.[at];
  const whole = (input - 1) * stride + reach;
  const output =
    more === undefined
      ? input * stride + (isSame ? 0 : Math.max(reach - stride, 0))
      : whole + more - (isSame ? 2 * Math.floor(reach / 2) : 0);
  if (more !== undefined && more >= stride) throw new Refusal("output_padding must be smaller than strides");
  // What a convolution over the output would pad.
  const total = isSame ? Math.max((Math.ceil(output / stride) - 1) * stride + reach - output, 0) : 0;
  const before = Math.floor(total / 2);
  const after = whole - before - output;
  return { before, after: Math.max(after, 0), more: Math.max(-after, 0) };
}
