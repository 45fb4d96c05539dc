import { StepError } from "../../../engine/step-type.ts";
import type { Shape } from "../networks/shapes.ts";
import type { Layer } from "../networks/topology.ts";
import type { Builder } from "./builder.ts";

/** Appends the activation of a layer: one of its own class, or the `activation` another layer names. */
export function appendActivation(builder: Builder, layer: Layer, input: string, shape: Shape): string {
  if (layer.className === "ReLU") return appendRelu(builder, layer, input);
  if (layer.className === "LeakyReLU") {
    // Keras 2 calls it alpha, Keras 3 negative_slope.
    const slope = numberOf(layer, "negative_slope") ?? numberOf(layer, "alpha") ?? 0.3;
    return builder.node("LeakyRelu", [input], { alpha: { float: slope } });
  }
  const name = layer.config.activation;
  switch (name) {
    case "linear":
      return input;
    case "relu":
      return builder.node("Relu", [input]);
    case "relu6":
      return clip(builder, input, 6);
    case "sigmoid":
      return builder.node("Sigmoid", [input]);
    case "tanh":
      return builder.node("Tanh", [input]);
    case "elu":
      return builder.node("Elu", [input]);
    case "softplus":
      return builder.node("Softplus", [input]);
    case "swish":
    case "silu":
      return builder.node("Mul", [input, builder.node("Sigmoid", [input])]);
    case "softmax":
      return builder.node("Softmax", [input], { axis: { int: shape.kind === "image" ? 1 : -1 } });
    default:
      throw new StepError(
        `layer ${layer.name}: the activation ${JSON.stringify(name)} is not supported; these are: ` +
          "linear, relu, relu6, sigmoid, tanh, elu, softplus, swish, silu, softmax",
      );
  }
}

function appendRelu(builder: Builder, layer: Layer, input: string): string {
  const most = numberOf(layer, "max_value");
  const slope = numberOf(layer, "negative_slope") ?? 0;
  if ((numberOf(layer, "threshold") ?? 0) !== 0 || (slope !== 0 && most !== undefined)) {
    throw new StepError(
      `layer ${layer.name}: ReLU with a threshold, or with both a slope and a maximum, is not supported`,
    );
  }
  if (slope !== 0) return builder.node("LeakyRelu", [input], { alpha: { float: slope } });
  return most === undefined ? builder.node("Relu", [input]) : clip(builder, input, most);
}

function clip(builder: Builder, input: string, most: number): string {
  const scalar = (value: number): string => builder.floats([], Float32Array.of(value));
  return builder.node("Clip", [input, scalar(0), scalar(most)]);
}

/** A setting that is a number; Keras 2 may have it as a list of one. */
function numberOf(layer: Layer, name: string): number | undefined {
  const value = layer.config[name];
  return typeof value === "number" ? value : undefined;
}
