import type { Pooling } from "../graph/graph.ts";
import { imageOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.GlobalMaxPooling2D */
export const globalMaxPooling2d = globalPooling(["GlobalMaxPooling2D"], "max");
/** keras.layers.GlobalAveragePooling2D */
export const globalAveragePooling2d = globalPooling(["GlobalAveragePooling2D"], "mean");

function globalPooling(classes: readonly string[], kind: Pooling["kind"]) {
  return defineLayer({
    classes,
    settings: (settings) => ({ keepAxes: settings.flag("keepdims", false) }),
    build(builder, { settings: { keepAxes }, input }) {
      imageOf(input.shape);
      return builder.add({ op: "reduce", kind, input, axes: [0, 1], keepAxes });
    },
  });
}
