import { Refusal } from "../graph/shapes.ts";
import { imageOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.UpSampling2D */
export const upSampling2d = defineLayer({
  classes: ["UpSampling2D"],
  settings: (settings) => ({
    factors: settings.pair("size", 2),
    mode: settings.oneOf("interpolation", ["nearest", "bilinear"], "nearest"),
    dialect: settings.dialect,
  }),
  build(builder, { settings, input }) {
    imageOf(input.shape);
    const isLinear = settings.mode === "bilinear";
    if (isLinear && settings.dialect === "tfjs") {
      throw new Refusal("TensorFlow.js interpolates between corners of pixels, which is not supported");
    }
    return builder.add({
      op: "resize",
      input,
      factors: settings.factors,
      mode: isLinear ? "linear" : "nearest",
    });
  },
});
