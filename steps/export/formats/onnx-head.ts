import type { Activation } from "../../learning/heads/activations.ts";
import type { Dense } from "../../learning/heads/dense.ts";
import type { Model } from "../../learning/heads/model.ts";
import type { Normalization } from "../../learning/heads/normalization.ts";
import type { Builder } from "../../vision/onnx/builder.ts";

/** Erf is new in it. */
export const OLDEST_FOR_HEAD = 9;

/**
 * Appends the nodes of a head: rows (float32, N × length) become probabilities,
 * N × classes. Only operators whose form is the same in all versions of the
 * operator set from `OLDEST_FOR_HEAD` on, so that they can stand behind any network.
 *
 * @returns the name of the probabilities.
 */
export function appendHead(
  builder: Builder,
  { description, layers, normalization }: Model,
  rows: string,
): string {
  const first =
    normalization === undefined
      ? rows
      : appendNormalization(builder, normalization, rows, description.inputLength);
  return layers.reduce((values, layer, at) => {
    const activation = description.layers[at]?.activation ?? "linear";
    const sums = appendDense(builder, layer, values);
    return activation === "softmax"
      ? builder.node("Softmax", [sums], { axis: { int: 1 } })
      : appendActivation(builder, activation, sums);
  }, first);
}

function appendDense(builder: Builder, { inputs, units, kernel, bias }: Dense, values: string): string {
  return builder.node("Gemm", [
    values,
    builder.floats([inputs, units], kernel),
    builder.floats([units], bias),
  ]);
}

/** As `activations.ts` computes them. */
function appendActivation(builder: Builder, activation: Activation, z: string): string {
  const number = (value: number): string => builder.floats([1], Float32Array.of(value));
  switch (activation) {
    case "linear":
      return z;
    case "leaky_relu":
      return builder.node("LeakyRelu", [z], { alpha: { float: 0.2 } });
    case "silu":
      return builder.node("Mul", [z, builder.node("Sigmoid", [z])]);
    case "gelu": {
      const erf = builder.node("Erf", [builder.node("Mul", [z, number(Math.SQRT1_2)])]);
      const half = builder.node("Mul", [z, number(0.5)]);
      return builder.node("Mul", [half, builder.node("Add", [erf, number(1)])]);
    }
    case "relu":
    case "tanh":
    case "sigmoid":
    case "elu":
    case "selu":
    case "softplus":
      return builder.node(operators[activation], [z]);
    default:
      return activation satisfies never;
  }
}

/** Their defaults are Keras'. */
const operators = {
  relu: "Relu",
  tanh: "Tanh",
  sigmoid: "Sigmoid",
  elu: "Elu",
  selu: "Selu",
  softplus: "Softplus",
} as const;

/** Below it no float32 has all its digits. */
const LEAST = 1e-30;

function appendNormalization(
  builder: Builder,
  normalization: Normalization,
  rows: string,
  inputLength: number,
): string {
  switch (normalization.kind) {
    case "standard": {
      const { mean, scale } = normalization;
      // In units of about the scale, powers of two, which round nothing: the smallest scales are no float32.
      const units = Float32Array.from(scale, (value) => 2 ** Math.max(-126, Math.floor(Math.log2(value))));
      const inUnits = (values: Float64Array): Float64Array =>
        values.map((value, at) => value / (units[at] as number));
      const exact = inUnits(mean);
      // A mean has more digits than float32: of a large one, what is left out is no less than the scale.
      const high = Float32Array.from(exact);
      const low = Float32Array.from(exact, (value, at) => value - (high[at] as number));
      const steps = [
        ["Div", units],
        ["Sub", high],
        ["Sub", low],
        ["Div", Float32Array.from(inUnits(scale))],
      ] as const;
      return steps.reduce(
        (values, [op, numbers]) => builder.node(op, [values, builder.floats([1, numbers.length], numbers)]),
        rows,
      );
    }
    case "l2": {
      // By the largest value first: squares of large and of small ones are no float32.
      const one = builder.node("Reshape", [builder.node("Abs", [rows]), builder.integers([0, 1, -1])]);
      const top = builder.node("Flatten", [builder.node("GlobalMaxPool", [one])], { axis: { int: 1 } });
      const divided = dividedBy(builder, rows, top);
      const ones = builder.floats([inputLength, 1], new Float32Array(inputLength).fill(1));
      const squares = builder.node("MatMul", [builder.node("Mul", [divided, divided]), ones]);
      return dividedBy(builder, divided, builder.node("Sqrt", [squares]));
    }
    default:
      return normalization satisfies never;
  }
}

/** Zeros stay, whatever they are divided by. */
function dividedBy(builder: Builder, values: string, by: string): string {
  const least = builder.floats([1], Float32Array.of(LEAST));
  return builder.node("Div", [values, builder.node("Max", [by, least])]);
}
