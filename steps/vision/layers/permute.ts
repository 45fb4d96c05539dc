import { Refusal } from "../graph/shapes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.Permute: axes count from 1. */
export const permute = defineLayer({
  classes: ["Permute"],
  settings(settings) {
    const dims = settings.wholes("dims") ?? [];
    const isOrder = [...dims].sort((a, b) => a - b).every((axis, at) => axis === at + 1);
    if (dims.length === 0 || !isOrder) settings.refuse("dims", "is no order of axes");
    return { dims };
  },
  build(builder, { settings: { dims }, input }) {
    if (dims.length !== input.shape.length) {
      throw new Refusal(`it orders ${dims.length} axes, and gets ${input.shape.length}`);
    }
    return builder.add({ op: "transpose", input, order: dims.map((axis) => axis - 1) });
  },
});
