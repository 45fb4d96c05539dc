import { lengthOf } from "../graph/graph.ts";
import { Refusal } from "../graph/shapes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.Reshape; a size of −1 is what is left. */
export const reshape = defineLayer({
  classes: ["Reshape"],
  settings(settings) {
    const target = settings.wholes("target_shape");
    const isGood = target?.every((size) => size >= -1 && size !== 0) && target.length > 0;
    const holes = target?.filter((size) => size === -1).length ?? 0;
    if (target === undefined) settings.refuse("target_shape", "is no shape");
    else if (!isGood || holes > 1) settings.refuse("target_shape", "is no shape");
    return { target: target ?? [] };
  },
  build(builder, { settings: { target }, input }) {
    const length = lengthOf(input.shape);
    const known = target.filter((size) => size !== -1).reduce((product, size) => product * size, 1);
    const shape = target.map((size) => (size === -1 ? length / known : size));
    if (lengthOf(shape) !== length || !shape.every(Number.isSafeInteger)) {
      throw new Refusal(`${length} values cannot become ${JSON.stringify(target)}`);
    }
    return builder.add({ op: "reshape", input, shape });
  },
});
