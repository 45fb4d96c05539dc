import { StepError } from "../../../engine/step-type.ts";
import type { Attribute } from "../../compute/onnx/graph.ts";
import { paddingOf } from "../networks/infer.ts";
import { pair, type Shape, windowOf } from "../networks/shapes.ts";
import type { Layer, Tensor } from "../networks/topology.ts";
import { appendActivation } from "./activations.ts";
import type { Builder } from "./builder.ts";
import { type Affine, affineOf } from "./norm.ts";

/** What a layer is translated with. */
export interface LayerContext {
  /** Names of the values it takes. */
  readonly inputs: readonly string[];
  readonly shapes: readonly Shape[];
  /** Of what it gives. */
  readonly shape: Shape;
  readonly weights: Readonly<Record<string, Tensor>>;
  /** A normalization to be folded into its weights. */
  readonly norm?: Affine;
}

/** Appends the nodes of one layer; returns the name of its value. Images are N × C × H × W. */
export function appendLayer(builder: Builder, layer: Layer, context: LayerContext): string {
  const { inputs, shapes, shape, weights } = context;
  const [input = ""] = inputs;
  const [from] = shapes;
  switch (layer.className) {
    case "Conv2D":
    case "DepthwiseConv2D":
      return appendConvolution(builder, layer, context);
    case "Dense":
      return appendDense(builder, layer, context);
    case "BatchNormalization":
      return appendNorm(builder, input, shape, affineOf(layer, weights));
    case "ReLU":
    case "LeakyReLU":
    case "Activation":
      return appendActivation(builder, layer, input, shape);
    case "Dropout":
      return input;
    case "ZeroPadding2D": {
      const [[top, bottom], [left, right]] = paddingOf(layer);
      return builder.node("Pad", [input, builder.integers([0, 0, top, left, 0, 0, bottom, right])]);
    }
    case "MaxPooling2D":
    case "AveragePooling2D":
      return appendPooling(builder, layer, input, from);
    case "GlobalMaxPooling2D":
    case "GlobalAveragePooling2D": {
      const pool = layer.className === "GlobalMaxPooling2D" ? "GlobalMaxPool" : "GlobalAveragePool";
      const pooled = builder.node(pool, [input]);
      return shape.kind === "image" ? pooled : builder.node("Flatten", [pooled], { axis: { int: 1 } });
    }
    case "Add":
      return inputs.length === 1 ? input : builder.node(inputs.length === 2 ? "Add" : "Sum", inputs);
    case "Concatenate":
      return builder.node("Concat", inputs, { axis: { int: 1 } });
    case "Flatten":
    case "Reshape":
      return appendReshape(builder, input, from, shape);
    default:
      throw new StepError(`layer ${layer.name} (${layer.className}) is not supported`);
  }
}

function appendConvolution(
  builder: Builder,
  layer: Layer,
  { inputs, shapes, weights, norm }: LayerContext,
): string {
  const [input = ""] = inputs;
  const from = shapes[0] as Shape & { kind: "image" };
  const depthwise = layer.className === "DepthwiseConv2D";
  const kernel = (depthwise ? weights.depthwise_kernel : weights.kernel) as Tensor;
  const [height = 1, width = 1, a = 1, b = 1] = kernel.shape;
  const channels = depthwise ? a * b : b;
  const depth = depthwise ? 1 : a;
  const data = new Float32Array(kernel.data.length);
  const scale = norm?.scale;
  // From H, W, in, out (or H, W, channel, multiplier) to out, in, H, W.
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let at = 0; at < a * b; at++) {
      const out = depthwise ? at : at % b;
      const inside = depthwise ? 0 : Math.floor(at / b);
      const value = kernel.data[pixel * a * b + at] as number;
      data[(out * depth + inside) * height * width + pixel] = value * (scale?.[out] ?? 1);
    }
  }
  const bias = Float32Array.from({ length: channels }, (_, at) => {
    return (weights.bias?.data[at] ?? 0) * (scale?.[at] ?? 1) + (norm?.shift[at] ?? 0);
  });
  const window = windowOf(layer, from, [height, width]);
  const output = builder.node(
    "Conv",
    [input, builder.floats([channels, depth, height, width], data), builder.floats([channels], bias)],
    {
      kernel_shape: { ints: [height, width] },
      strides: { ints: window.strides },
      dilations: { ints: window.dilation },
      pads: { ints: window.pads },
      group: { int: depthwise ? a : from.channels / a },
    },
  );
  return activated(builder, layer, output, { ...from, channels });
}

function appendDense(builder: Builder, layer: Layer, { inputs, weights, shape }: LayerContext): string {
  const kernel = weights.kernel as Tensor;
  const operands = [inputs[0] ?? "", builder.floats(kernel.shape, kernel.data)];
  if (weights.bias !== undefined) operands.push(builder.floats(weights.bias.shape, weights.bias.data));
  return activated(builder, layer, builder.node("Gemm", operands), shape);
}

function activated(builder: Builder, layer: Layer, value: string, shape: Shape): string {
  const activation = layer.config.activation ?? "linear";
  return activation === "linear" ? value : appendActivation(builder, layer, value, shape);
}

function appendNorm(builder: Builder, input: string, shape: Shape, { scale, shift }: Affine): string {
  const dims = shape.kind === "image" ? [1, scale.length, 1, 1] : [1, scale.length];
  const scaled = builder.node("Mul", [input, builder.floats(dims, Float32Array.from(scale))]);
  return builder.node("Add", [scaled, builder.floats(dims, Float32Array.from(shift))]);
}

function appendPooling(builder: Builder, layer: Layer, input: string, from: Shape | undefined): string {
  const window = windowOf(
    layer,
    from as Shape & { kind: "image" },
    pair(layer.config.pool_size ?? 2, layer, "pool_size"),
  );
  const attributes: Record<string, Attribute> = {
    kernel_shape: { ints: window.kernel },
    strides: { ints: window.strides },
    pads: { ints: window.pads },
  };
  if (layer.className === "MaxPooling2D") return builder.node("MaxPool", [input], attributes);
  // What is padded does not count, as in TensorFlow.
  return builder.node("AveragePool", [input], { ...attributes, count_include_pad: { int: 0 } });
}

/** Keras reshapes in H, W, C order. */
function appendReshape(builder: Builder, input: string, from: Shape | undefined, to: Shape): string {
  const last =
    from?.kind === "image" ? builder.node("Transpose", [input], { perm: { ints: [0, 2, 3, 1] } }) : input;
  if (to.kind === "vector") return builder.node("Flatten", [last], { axis: { int: 1 } });
  const dims = builder.integers([0, to.height, to.width, to.channels]);
  const reshaped = builder.node("Reshape", [last, dims]);
  return builder.node("Transpose", [reshaped], { perm: { ints: [0, 3, 1, 2] } });
}
