import { relu as reluOf } from "./activations.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.ReLU */
export const relu = defineLayer({
  classes: ["ReLU"],
  settings: (settings) => ({
    slope: settings.number("negative_slope", 0),
    most: settings.optionalNumber("max_value") ?? Number.POSITIVE_INFINITY,
    threshold: settings.number("threshold", 0),
  }),
  build: (builder, { settings, input }) => reluOf(settings)(builder, input),
});
