import { StepError } from "../../../engine/step-type.ts";
import type { Dense } from "../../learning/heads/dense.ts";
import type { Model } from "../../learning/heads/model.ts";
import type { Normalization } from "../../learning/heads/normalization.ts";
import { lengthOf } from "../../vision/graph/graph.ts";
import { tensorNames } from "../format.ts";
import type { LayersBuilder } from "./builder.ts";
import type { ModelLayer } from "./model-layer.ts";
import { dense, each, rescaled, reshaped, scaledOneByOne } from "./pieces.ts";

/** Appends what a head does: from rows, or what is flattened to rows, to probabilities. */
export function appendHead(
  builder: LayersBuilder,
  from: ModelLayer,
  { description, layers, normalization }: Model,
): ModelLayer {
  const rows = builder.named("rows", () => reshaped(builder, from, [lengthOf(from.shape)]));
  let values = normalization === undefined ? rows : normalized(builder, rows, normalization);
  for (const [at, layer] of layers.entries()) {
    const activation = description.layers[at]?.activation ?? "linear";
    const name = at === layers.length - 1 ? tensorNames.probabilities : `hidden_${at + 1}`;
    values = builder.named(name, () => connected(builder, values, layer, activation));
  }
  return values;
}

function connected(
  builder: LayersBuilder,
  from: ModelLayer,
  { inputs, units, kernel, bias }: Dense,
  activation: string,
): ModelLayer {
  // As an activation, TensorFlow.js does not have it.
  const isLeaky = activation === "leaky_relu";
  const sums = dense(
    builder,
    from,
    { shape: [inputs, units], data: kernel },
    {
      bias: { shape: [units], data: bias },
      activation: isLeaky ? "linear" : activation,
      trainable: true,
    },
  );
  return isLeaky ? each(builder, sums, "LeakyReLU", { negative_slope: 0.2 }) : sums;
}

function normalized(builder: LayersBuilder, rows: ModelLayer, normalization: Normalization): ModelLayer {
  switch (normalization.kind) {
    case "standard":
      return standardized(builder, rows, normalization);
    case "l2":
      return ofUnitLength(builder, rows);
    default:
      return normalization satisfies never;
  }
}

/**
 * The float32 next to the mean is subtracted first, by itself: of a mean that is a
 * million times its scale, what is left has as many good digits as the value had.
 */
function standardized(
  builder: LayersBuilder,
  rows: ModelLayer,
  { mean, scale }: Normalization & { kind: "standard" },
): ModelLayer {
  const factors = Float32Array.from(scale, (value) => 1 / value);
  if (!factors.every(Number.isFinite)) {
    throw new StepError(
      "a scale by which the model's rows are standardized is too small for float32: export the model as onnx",
    );
  }
  const near = Float32Array.from(mean);
  const rest = mean.map((value, at) => -(value - (near[at] as number)) / (scale[at] as number));
  const centered = builder.named("centered", () =>
    scaledOneByOne(
      builder,
      rows,
      new Float32Array(mean.length).fill(1),
      near.map((value) => -value),
    ),
  );
  return builder.named("standardized", () => scaledOneByOne(builder, centered, factors, rest));
}

/** What is added to the mean of squares, so that a row of zeros stays. */
const TINY = 1e-30;

/**
 * x / |x|. A row and its negative have the mean 0 and the variance |x|² / n
 * together, so that a layer normalization divides both by |x| / √n.
 */
function ofUnitLength(builder: LayersBuilder, rows: ModelLayer): ModelLayer {
  const length = lengthOf(rows.shape);
  return builder.named("unit_length", () => {
    const column = reshaped(builder, rows, [length, 1]);
    const pairs = builder.add([column, rescaled(builder, column, -1)], {
      className: "Concatenate",
      config: { axis: -1 },
      shape: [length, 2],
    });
    const config = { axis: [1, 2], epsilon: TINY, center: false, scale: false };
    const even = each(builder, pairs, "LayerNormalization", config);
    const half = 0.5 / Math.sqrt(length);
    const kernel = { shape: [2, 1], data: Float32Array.of(half, -half) };
    return reshaped(builder, dense(builder, even, kernel), [length]);
  });
}
