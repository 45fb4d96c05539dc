import {
  type Binary,
  isValue,
  lengthOf,
  type Operator,
  type Tensor,
  type Unary,
  type Value,
} from "../../vision/graph/graph.ts";
import { Refusal } from "../../vision/graph/shapes.ts";
import type { LayersBuilder } from "./builder.ts";
import {
  convolution,
  cropped,
  depthwiseConvolution,
  pooling,
  transposedConvolution,
  zerosAround,
} from "./convolutions.ts";
import type { ModelLayer } from "./model-layer.ts";
import { numberIn } from "./patterns.ts";
import {
  activated,
  alongAxes,
  channelsLast,
  dense,
  each,
  permuted,
  rescaled,
  reshaped,
  scaledAndShifted,
  scaledOneByOne,
  softmax,
} from "./pieces.ts";
import { resized } from "./resize.ts";

export interface Place {
  readonly builder: LayersBuilder;
  /** The layer that gives a value. */
  take(value: Value): ModelLayer;
  isNeverNegative(value: Value): boolean;
}

/**
 * Appends an operator as layers.
 *
 * @throws Refusal where no layers compute it.
 */
export function appendOperator(place: Place, operator: Operator, { shape }: Value): ModelLayer {
  const { builder, take } = place;
  switch (operator.op) {
    case "cast":
      // A model of layers takes whole numbers for float32 itself.
      return take(operator.input);
    case "conv":
      return convolution(builder, take(operator.input), operator, shape);
    case "depthwiseConv":
      return depthwiseConvolution(builder, take(operator.input), operator, shape);
    case "transposedConv":
      return transposedConvolution(builder, take(operator.input), operator, shape);
    case "matmul": {
      const { input, kernel, bias } = operator;
      return dense(builder, take(input), kernel, bias === undefined ? {} : { bias });
    }
    case "pool": {
      const isNeverNegative = place.isNeverNegative(operator.input);
      return pooling(builder, take(operator.input), operator, { shape, isNeverNegative });
    }
    case "pad":
      return zerosAround(builder, take(operator.input), operator.pads);
    case "crop":
      return cropped(builder, take(operator.input), operator.pads);
    case "resize":
      return resized(builder, take(operator.input), operator);
    case "binary":
      return binary(place, operator, shape);
    case "unary":
      return unary(builder, take(operator.input), operator.kind);
    case "leakyRelu":
      return each(builder, take(operator.input), "LeakyReLU", { negative_slope: operator.slope });
    case "elu":
      return elu(builder, take(operator.input), operator.alpha);
    case "threshold":
      return each(builder, take(operator.input), "ReLU", { threshold: operator.above });
    case "clip":
      return clipped(builder, take(operator.input), operator);
    case "scaleShift":
      return scaledAndShifted(builder, take(operator.input), operator.scale, operator.shift);
    case "softmax":
      return softmax(builder, take(operator.input), [operator.axis]);
    case "reduce":
      return reduced(builder, take(operator.input), operator);
    case "reshape":
      return reshaped(builder, take(operator.input), shape);
    case "transpose":
      return permuted(builder, take(operator.input), operator.order);
    case "concat": {
      const inputs = operator.inputs.map(take);
      const [only, ...others] = inputs;
      if (only !== undefined && others.length === 0) return only;
      const axis = operator.axis === shape.length - 1 ? -1 : operator.axis + 1;
      return builder.add(inputs, { className: "Concatenate", config: { axis }, shape });
    }
    case "gather": {
      const { axis, indices } = operator;
      const size = operator.input.shape[axis] as number;
      const data = new Float32Array(size * indices.length);
      for (const [at, index] of indices.entries()) data[index * indices.length + at] = 1;
      const kernel = { shape: [size, indices.length], data };
      return alongAxes(builder, take(operator.input), [axis], (from) => dense(builder, from, kernel));
    }
    default:
      return operator satisfies never;
  }
}

function unary(builder: LayersBuilder, from: ModelLayer, kind: Unary): ModelLayer {
  switch (kind) {
    case "relu":
    case "selu":
    case "sigmoid":
    case "tanh":
    case "softplus":
    case "softsign":
      return activated(builder, from, kind);
    case "exp":
      return activated(builder, from, "exponential");
    case "negative":
      return rescaled(builder, from, -1);
    case "absolute":
      return builder.add([from, rescaled(builder, from, -1)], { className: "Maximum", shape: from.shape });
    case "erf":
    case "sqrt":
      throw new Refusal(`there is no layer for ${kind}`);
    default:
      return kind satisfies never;
  }
}

type Joining = Operator & { readonly op: "binary" };

function binary({ builder, take }: Place, { kind, left, right }: Joining, shape: Value["shape"]): ModelLayer {
  if (isValue(left) && isValue(right)) {
    const [one, other] = [take(left), take(right)];
    const className = merging[kind];
    if (className === undefined) throw new Refusal("there is no layer that divides one value by another");
    const second = kind === "subtract" ? rescaled(builder, other, -1) : other;
    return builder.add([one, second], { className, shape });
  }
  const value = [left, right].find(isValue);
  const constant = [left, right].find((operand): operand is Tensor => !isValue(operand));
  if (value === undefined || constant === undefined) throw new Error("one of two operands is a value");
  const from = take(value);
  if (lengthOf(shape) !== lengthOf(from.shape))
    throw new Refusal("no layer repeats a value along a constant");
  if (isValue(left)) return withConstant(builder, from, kind, constant);
  if (kind === "divide") throw new Refusal("there is no layer that divides a constant by a value");
  if (kind !== "subtract") return withConstant(builder, from, kind, constant);
  return withConstant(builder, rescaled(builder, from, -1), "add", constant);
}

const merging: Readonly<Record<Binary, string | undefined>> = {
  add: "Add",
  subtract: "Add",
  multiply: "Multiply",
  divide: undefined,
  maximum: "Maximum",
  minimum: "Minimum",
};

function withConstant(builder: LayersBuilder, from: ModelLayer, kind: Binary, constant: Tensor): ModelLayer {
  const number = numberIn(constant);
  switch (kind) {
    case "add":
    case "subtract": {
      const sign = kind === "add" ? 1 : -1;
      if (number !== undefined) return rescaled(builder, from, 1, sign * number);
      const shift = constant.data.map((value) => sign * value);
      return placed(builder, from, { shape: constant.shape, shift });
    }
    case "multiply":
    case "divide": {
      const factor = (value: number): number => (kind === "multiply" ? value : 1 / value);
      if (number !== undefined) return rescaled(builder, from, factor(number));
      return placed(builder, from, {
        shape: constant.shape,
        scale: Float64Array.from(constant.data, factor),
      });
    }
    case "maximum":
      return atLeast(builder, from, constant);
    case "minimum":
      return atMost(builder, from, constant);
    default:
      return kind satisfies never;
  }
}

interface Constants {
  readonly shape: readonly number[];
  readonly scale?: ArrayLike<number>;
  readonly shift?: ArrayLike<number>;
}

/** Numbers of one array that meet another, along the last axis or everywhere. */
function placed(builder: LayersBuilder, from: ModelLayer, { shape, scale, shift }: Constants): ModelLayer {
  const last = shape.at(-1) as number;
  const count = lengthOf(shape);
  if (last === count) {
    const all = (value: number): Float32Array => new Float32Array(count).fill(value);
    return scaledAndShifted(builder, from, scale ?? all(1), shift ?? all(0));
  }
  const length = lengthOf(from.shape);
  const spread = (numbers: ArrayLike<number> | undefined, otherwise: number): Float64Array =>
    Float64Array.from({ length }, (_, at) => numbers?.[indexIn(shape, from.shape, at)] ?? otherwise);
  return scaledOneByOne(builder, from, spread(scale, 1), spread(shift, 0));
}

/** Where an array of sizes that are 1 or those of another has what meets a place of that. */
function indexIn(shape: readonly number[], whole: readonly number[], at: number): number {
  let [index, step, rest] = [0, 1, at];
  for (let axis = whole.length - 1; axis >= 0; axis--) {
    const size = whole[axis] as number;
    const own = shape[axis] as number;
    if (own > 1) index += (rest % size) * step;
    rest = Math.floor(rest / size);
    step *= own;
  }
  return index;
}

function clipped(
  builder: LayersBuilder,
  from: ModelLayer,
  { least, most }: Operator & { op: "clip" },
): ModelLayer {
  const number = (value: number): Tensor => ({ shape: [1], data: Float32Array.of(value) });
  if (!Number.isFinite(least)) {
    return Number.isFinite(most) ? atMost(builder, from, number(most)) : from;
  }
  if (!Number.isFinite(most)) return atLeast(builder, from, number(least));
  const above = rescaled(builder, from, 1, -least);
  return rescaled(builder, each(builder, above, "ReLU", { max_value: most - least }), 1, least);
}

function atLeast(builder: LayersBuilder, from: ModelLayer, least: Tensor): ModelLayer {
  const above = activated(builder, withConstant(builder, from, "subtract", least), "relu");
  return withConstant(builder, above, "add", least);
}

function atMost(builder: LayersBuilder, from: ModelLayer, most: Tensor): ModelLayer {
  const below = withConstant(builder, rescaled(builder, from, -1), "add", most);
  return withConstant(builder, rescaled(builder, activated(builder, below, "relu"), -1), "add", most);
}

/** TensorFlow.js has no alpha but 1: there both signs are computed by themselves. */
function elu(builder: LayersBuilder, from: ModelLayer, alpha: number): ModelLayer {
  if (alpha === 1 || builder.target === "keras") return each(builder, from, "ELU", { alpha });
  const above = activated(builder, from, "relu");
  const below = rescaled(builder, activated(builder, rescaled(builder, from, -1), "relu"), -1);
  const bent = rescaled(builder, activated(builder, below, "elu"), alpha);
  return builder.add([above, bent], { className: "Add", shape: from.shape });
}

function reduced(
  builder: LayersBuilder,
  from: ModelLayer,
  { kind, axes, keepAxes }: Operator & { op: "reduce" },
): ModelLayer {
  if (from.shape.length !== 3 || axes.join() !== "0,1") {
    throw new Refusal(`there is no layer for the ${kind} along other axes than height and width`);
  }
  const channels = from.shape[2] as number;
  const className = kind === "mean" ? "GlobalAveragePooling2D" : "GlobalMaxPooling2D";
  const row = builder.add(from, { className, config: channelsLast, shape: [channels] });
  return keepAxes ? reshaped(builder, row, [1, 1, channels]) : row;
}
