import type { Pooling } from "../graph/graph.ts";
import { paddings, padsOf } from "../graph/windows.ts";
import { imageOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.MaxPooling2D */
export const maxPooling2d = pooling(["MaxPooling2D"], "max");
/** keras.layers.AveragePooling2D */
export const averagePooling2d = pooling(["AveragePooling2D"], "mean");

function pooling(classes: readonly string[], kind: Pooling["kind"]) {
  return defineLayer({
    classes,
    settings(settings) {
      const size = settings.pair("pool_size", 2);
      return {
        size,
        // Without strides it moves by its own size.
        strides: settings.pair("strides", size),
        padding: settings.oneOf("padding", paddings, "valid"),
      };
    },
    build(builder, { settings: { size, strides, padding }, input }) {
      imageOf(input.shape);
      const pads = padsOf(input.shape, { size, strides, padding, dilation: [1, 1] });
      return builder.add({ op: "pool", kind, input, window: size, strides, pads });
    },
  });
}
