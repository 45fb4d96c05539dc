import { isValue } from "../graph/graph.ts";
import { describe, Refusal } from "../graph/shapes.ts";
import { axisOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.Concatenate */
export const concatenate = defineLayer({
  classes: ["Concatenate"],
  takes: "several",
  settings(settings) {
    const axes = settings.wholes("axis") ?? [-1];
    if (axes.length !== 1) settings.refuse("axis", "is no axis");
    return { axis: axes[0] ?? -1 };
  },
  build(builder, { settings, input, operands }) {
    const axis = axisOf(settings.axis, input.shape);
    const inputs = operands.filter(isValue);
    for (const { shape } of inputs) {
      const fits =
        shape.length === input.shape.length &&
        shape.every((size, at) => at === axis || size === input.shape[at]);
      if (!fits) throw new Refusal(`${describe(input.shape)} and ${describe(shape)} cannot be joined`);
    }
    return builder.add({ op: "concat", inputs, axis });
  },
});
