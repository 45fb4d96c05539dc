import { type Builder, combined, withNumber } from "../graph/builder.ts";
import { lengthOf, type Value } from "../graph/graph.ts";
import { Refusal } from "../graph/shapes.ts";
import { softmax as softmaxOf } from "./activations.ts";
import { axisOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.Softmax, along one axis or over several at once. */
export const softmax = defineLayer({
  classes: ["Softmax"],
  settings: (settings) => ({ axes: settings.wholes("axis") ?? [-1] }),
  build(builder, { settings: { axes }, input }) {
    const [first, ...others] = axes;
    if (first !== undefined && others.length === 0) return softmaxOf(first)(builder, input);
    return overSeveral(builder, input, [...new Set(axes.map((axis) => axisOf(axis, input.shape)))]);
  },
});

function overSeveral(builder: Builder, input: Value, unordered: readonly number[]): Value {
  if (unordered.length === 0) throw new Refusal("it has no axis");
  const axes = [...unordered].sort((a, b) => a - b);
  const most = builder.add({ op: "reduce", kind: "max", input, axes, keepAxes: true });
  const powers = builder.add({
    op: "unary",
    kind: "exp",
    input: combined(builder, "subtract", input, most),
  });
  const mean = builder.add({ op: "reduce", kind: "mean", input: powers, axes, keepAxes: true });
  const count = lengthOf(axes.map((axis) => input.shape[axis] as number));
  return combined(builder, "divide", powers, withNumber(builder, "multiply", mean, count));
}
