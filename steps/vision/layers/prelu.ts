import { combined, withNumber } from "../graph/builder.ts";
import type { Tensor } from "../graph/graph.ts";
import { axisOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.PReLU (He et al., "Delving Deep into Rectifiers", 2015): a slope that was learned. */
export const prelu = defineLayer({
  classes: ["PReLU"],
  settings: (settings) => ({ shared: settings.wholes("shared_axes") ?? [] }),
  weights({ shared }, input) {
    const axes = shared.map((axis) => axisOf(axis, input));
    return { alpha: input.map((size, axis) => (axes.includes(axis) ? 1 : size)) };
  },
  build(builder, { input, weights: { alpha } }) {
    const above = builder.add({ op: "unary", kind: "relu", input });
    const below = combined(builder, "multiply", withNumber(builder, "minimum", input, 0), alpha as Tensor);
    return combined(builder, "add", above, below);
  },
});
