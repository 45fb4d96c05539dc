import { lengthOf } from "../graph/graph.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.Flatten */
export const flatten = defineLayer({
  classes: ["Flatten"],
  settings: () => ({}),
  build: (builder, { input }) =>
    input.shape.length === 1 ? input : builder.add({ op: "reshape", input, shape: [lengthOf(input.shape)] }),
});
