import { imageOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";
import { sidesOf } from "./sides.ts";

/** keras.layers.ZeroPadding2D */
export const zeroPadding2d = defineLayer({
  classes: ["ZeroPadding2D"],
  settings: (settings) => ({ pads: sidesOf(settings, "padding", 1) }),
  build(builder, { settings, input }) {
    imageOf(input.shape);
    return builder.add({ op: "pad", input, pads: settings.pads });
  },
});
