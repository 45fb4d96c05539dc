import { combined } from "../graph/builder.ts";
import { lengthOf, type Shape, type Tensor } from "../graph/graph.ts";
import { Refusal } from "../graph/shapes.ts";
import { axisOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";

/** Keras' epsilon: what a deviation of 0 becomes. */
const EPSILON = 1e-7;

/** keras.layers.Normalization: (x − mean) / √variance, with the data's own numbers or with given ones. */
export const normalization = defineLayer({
  classes: ["Normalization"],
  settings(settings) {
    const mean = settings.numbers("mean");
    const variance = settings.numbers("variance");
    if ((mean === undefined) !== (variance === undefined)) {
      settings.refuse(
        mean === undefined ? "mean" : "variance",
        "is there without the other of mean and variance",
      );
    }
    return {
      // null: one for all.
      axes: settings.wholes("axis") ?? [],
      given: mean === undefined || variance === undefined ? undefined : { mean, variance },
      invert: settings.flag("invert", false),
    };
  },
  weights({ axes, given }, input) {
    if (given !== undefined) return {};
    const shape = axes.map((axis) => input[axisOf(axis, input)] as number);
    return { mean: shape, variance: shape, count: "unused" };
  },
  build(builder, { settings: { axes, given, invert }, input, weights }) {
    const kept = axes.map((axis) => axisOf(axis, input.shape));
    const along = (tensor: Tensor): Tensor => spread(tensor, kept, input.shape);
    const mean = along(given?.mean ?? (weights.mean as Tensor));
    const { shape, data } = along(given?.variance ?? (weights.variance as Tensor));
    const deviation = { shape, data: data.map((value) => Math.max(Math.sqrt(value), EPSILON)) };
    if (invert) return combined(builder, "add", combined(builder, "multiply", input, deviation), mean);
    return combined(builder, "divide", combined(builder, "subtract", input, mean), deviation);
  },
});

/** An array over the kept axes, or one number, as one over all axes. */
function spread({ data, shape: own }: Tensor, kept: readonly number[], shape: Shape): Tensor {
  // Of a network without its weights the shapes are there, and no data.
  const count = lengthOf(own);
  if (count === 1) return { shape: shape.map(() => 1), data };
  const wide = shape.map((size, axis) => (kept.includes(axis) ? size : 1));
  if (lengthOf(wide) !== count)
    throw new Refusal(`its mean or variance is ${own.join(" × ")}, not ${wide.join(" × ")}`);
  return { shape: wide, data };
}
