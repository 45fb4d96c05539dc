import { imageOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";
import { sidesOf } from "./sides.ts";

/** keras.layers.Cropping2D */
export const cropping2d = defineLayer({
  classes: ["Cropping2D"],
  settings: (settings) => ({ pads: sidesOf(settings, "cropping", 0) }),
  build(builder, { settings, input }) {
    imageOf(input.shape);
    return builder.add({ op: "crop", input, pads: settings.pads });
  },
});
