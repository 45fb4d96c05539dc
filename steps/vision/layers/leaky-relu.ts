import { leakyRelu as leakyReluOf } from "./activations.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.LeakyReLU, and the function of that name, which has another default. */
export const leakyRelu = defineLayer({
  classes: ["LeakyReLU", "LeakyRelu"],
  // Keras 2 calls it alpha, Keras 3 negative_slope.
  settings: (settings) => ({
    slope: settings.number(["negative_slope", "alpha"], settings.isFunction ? 0.2 : 0.3),
  }),
  build: (builder, { settings, input }) => leakyReluOf(settings.slope)(builder, input),
});
