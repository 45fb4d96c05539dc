import type { Tensor } from "../graph/graph.ts";
import { Refusal } from "../graph/shapes.ts";
import { axisOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";

/**
 * keras.layers.BatchNormalization at inference (Ioffe and Szegedy, 2015):
 * gamma · (x − mean) / √(variance + epsilon) + beta.
 */
export const batchNormalization = defineLayer({
  classes: ["BatchNormalization", "SyncBatchNormalization", "BatchNormalizationV1", "BatchNormalizationV2"],
  settings(settings) {
    const axes = settings.wholes("axis") ?? [-1];
    if (axes.length !== 1) settings.refuse("axis", "is more than one axis, which is not supported");
    if (settings.flag("renorm", false)) settings.refuse("renorm", "is not supported");
    // These matter while it is trained.
    for (const name of [
      "momentum",
      "renorm_momentum",
      "renorm_clipping",
      "synchronized",
      "fused",
      "virtual_batch_size",
    ])
      settings.json(name);
    return {
      axis: axes[0] ?? -1,
      epsilon: settings.number("epsilon", 1e-3),
      center: settings.flag("center", true),
      scale: settings.flag("scale", true),
    };
  },
  weights({ axis, center, scale }, input) {
    const last = input.length - 1;
    if (axisOf(axis, input) !== last) throw new Refusal(`only channels last is supported, not axis ${axis}`);
    const shape = [input[last] as number];
    return {
      ...(scale ? { gamma: shape } : {}),
      ...(center ? { beta: shape } : {}),
      moving_mean: shape,
      moving_variance: shape,
    };
  },
  build(builder, { settings, input, weights }) {
    const { gamma, beta, moving_mean, moving_variance } = weights;
    const scale = Float64Array.from((moving_variance as Tensor).data, (value, at) => {
      return (gamma?.data[at] ?? 1) / Math.sqrt(value + settings.epsilon);
    });
    const shift = Float64Array.from(scale, (value, at) => {
      return (beta?.data[at] ?? 0) - ((moving_mean as Tensor).data[at] as number) * value;
    });
    return builder.add({ op: "scaleShift", input, scale, shift });
  },
});
