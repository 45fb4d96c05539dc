import { combined, withNumber } from "../graph/builder.ts";
import type { Shape, Tensor } from "../graph/graph.ts";
import { axisOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.LayerNormalization (Ba et al., 2016): every image, or every pixel of it, by its own mean and variance. */
export const layerNormalization = defineLayer({
  classes: ["LayerNormalization"],
  settings(settings) {
    if (settings.flag("rms_scaling", false)) settings.refuse("rms_scaling", "is not supported");
    return {
      axes: settings.wholes("axis") ?? [-1],
      epsilon: settings.number("epsilon", 1e-3),
      center: settings.flag("center", true),
      scale: settings.flag("scale", true),
    };
  },
  weights({ axes, center, scale }, input) {
    const shape = axes.map((axis) => input[axisOf(axis, input)] as number);
    return { ...(scale ? { gamma: shape } : {}), ...(center ? { beta: shape } : {}) };
  },
  build(builder, { settings, input, weights: { gamma, beta } }) {
    const axes = settings.axes.map((axis) => axisOf(axis, input.shape)).sort((a, b) => a - b);
    const mean = builder.add({ op: "reduce", kind: "mean", input, axes, keepAxes: true });
    const centered = combined(builder, "subtract", input, mean);
    const square = combined(builder, "multiply", centered, centered);
    const variance = builder.add({ op: "reduce", kind: "mean", input: square, axes, keepAxes: true });
    const shifted = withNumber(builder, "add", variance, settings.epsilon);
    const deviation = builder.add({ op: "unary", kind: "sqrt", input: shifted });
    const along = (weight: Tensor): Tensor => spread(weight, axes, input.shape);
    let value = combined(builder, "divide", centered, deviation);
    if (gamma !== undefined) value = combined(builder, "multiply", value, along(gamma));
    if (beta !== undefined) value = combined(builder, "add", value, along(beta));
    return value;
  },
});

/** A weight over some axes as one over all. */
function spread({ data }: Tensor, axes: readonly number[], shape: Shape): Tensor {
  return { shape: shape.map((size, axis) => (axes.includes(axis) ? size : 1)), data };
}
