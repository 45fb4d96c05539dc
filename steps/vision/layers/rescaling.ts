import { combined } from "../graph/builder.ts";
import type { Shape, Tensor } from "../graph/graph.ts";
import { Refusal } from "../graph/shapes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.Rescaling: x · scale + offset, one for all channels or one for each. */
export const rescaling = defineLayer({
  classes: ["Rescaling"],
  settings(settings) {
    const scale = settings.numbers("scale");
    if (scale === undefined) settings.refuse("scale", "is no number");
    return { scale: scale ?? one, offset: settings.numbers("offset") ?? zero };
  },
  build(builder, { settings: { scale, offset }, input }) {
    const scaled = combined(builder, "multiply", input, fitting(scale, input.shape));
    return combined(builder, "add", scaled, fitting(offset, input.shape));
  },
});

const one: Tensor = { shape: [], data: Float32Array.of(1) };
const zero: Tensor = { shape: [], data: Float32Array.of(0) };

function fitting(tensor: Tensor, shape: Shape): Tensor {
  if (tensor.shape.length <= shape.length) return tensor;
  throw new Refusal("it scales by an array with more axes than an image");
}
