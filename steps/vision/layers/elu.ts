import { elu as eluOf } from "./activations.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.ELU */
export const elu = defineLayer({
  classes: ["ELU", "Elu"],
  settings: (settings) => ({ alpha: settings.number("alpha", 1) }),
  build: (builder, { settings, input }) => eluOf(settings.alpha)(builder, input),
});
