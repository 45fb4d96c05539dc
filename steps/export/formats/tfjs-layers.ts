import { StepError } from "../../../engine/step-type.ts";
import type { Tensor } from "../../vision/graph/graph.ts";
import type { ModelLayer } from "../layers/model-layer.ts";

/**
 * A layer as TensorFlow.js spells it, which is how Keras 2 did.
 *
 * @throws StepError for what it does not have.
 */
export function inTfjs(layer: ModelLayer): ModelLayer {
  const { config, weights } = layer;
  switch (layer.className) {
    case "Activation":
    case "Dense":
      return { ...layer, config: { ...config, activation: activationOf(layer) } };
    case "LeakyReLU":
      return { ...layer, config: { alpha: config.negative_slope ?? 0.2 } };
    case "ReLU":
      if (config.threshold === undefined) return layer;
      return { ...layer, className: "ThresholdedReLU", config: { theta: config.threshold } };
    case "DepthwiseConv2D": {
      const { kernel, ...others } = weights;
      return { ...layer, weights: { depthwise_kernel: kernel as Tensor, ...others } };
    }
    case "Conv2D": {
      const { groups, ...others } = config;
      if (typeof groups !== "number" || groups === 1) return { ...layer, config: others };
      const kernel = withoutGroups(weights.kernel as Tensor, groups);
      return { ...layer, config: others, weights: { ...weights, kernel } };
    }
    default:
      return layer;
  }
}

/** Those whose function is the same in both. */
const activations: ReadonlyMap<unknown, string> = new Map([
  ...["linear", "relu", "tanh", "sigmoid", "gelu", "elu", "selu", "softplus", "softsign", "softmax"].map(
    (name) => [name, name] as const,
  ),
  ["silu", "swish"],
]);

function activationOf({ name, config }: ModelLayer): string {
  const activation = activations.get(config.activation);
  if (activation !== undefined) return activation;
  throw new StepError(
    `layer ${name}: TensorFlow.js has no activation ${String(config.activation)}; export the model as keras or onnx`,
  );
}

/** A kernel of groups as one over all channels: zeros between a filter and what it does not see. */
function withoutGroups({ shape, data }: Tensor, groups: number): Tensor {
  const [height = 1, width = 1, depth = 1, filters = 1] = shape;
  const all = new Float32Array(data.length * groups);
  const own = filters / groups;
  for (let at = 0; at < data.length; at++) {
    const filter = at % filters;
    const row = Math.floor(at / filters);
    const place = Math.floor(row / depth);
    const channel = (row % depth) + Math.floor(filter / own) * depth;
    all[(place * depth * groups + channel) * filters + filter] = data[at] as number;
  }
  return { shape: [height, width, depth * groups, filters], data: all };
}
