import { defineLayer } from "./layer.ts";

/** keras.layers.Activation */
export const activation = defineLayer({
  classes: ["Activation"],
  settings: (settings) => ({ activation: settings.activation("activation") }),
  build: (builder, { settings, input }) => settings.activation(builder, input),
});
