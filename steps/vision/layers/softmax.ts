import { softmax as softmaxOf } from "./activations.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.Softmax */
export const softmax = defineLayer({
  classes: ["Softmax"],
  settings(settings) {
    const axes = settings.wholes("axis") ?? [-1];
    if (axes.length !== 1) settings.refuse("axis", "is more than one axis, which is not supported");
    return { axis: axes[0] ?? -1 };
  },
  build: (builder, { settings, input }) => softmaxOf(settings.axis)(builder, input),
});
