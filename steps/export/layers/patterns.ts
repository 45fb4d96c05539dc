import {
  type Binary,
  isValue,
  lengthOf,
  type Node,
  type Operand,
  type Operator,
  type Shape,
  type Tensor,
  type Value,
} from "../../vision/graph/graph.ts";

/** Several operators that a layer of Keras' was translated into, together. */
export type Pattern =
  | { readonly kind: "activation"; readonly activation: "silu" | "gelu"; readonly input: Value }
  /** Over all of these axes at once; they are counted without the batch. */
  | { readonly kind: "softmax"; readonly input: Value; readonly axes: readonly number[] }
  | {
      readonly kind: "layerNormalization";
      readonly input: Value;
      /** Counted without the batch. */
      readonly axes: readonly number[];
      readonly epsilon: number;
      readonly gamma?: Tensor;
      readonly beta?: Tensor;
    };

export type Makers = ReadonlyMap<number, Node>;

/** The pattern whose result a value is: what the files of these names in vision/layers/ make of them. */
export function patternOf(value: Value, makers: Makers): Pattern | undefined {
  return (
    silu(value, makers) ?? gelu(value, makers) ?? softmax(value, makers) ?? layerNormalization(value, makers)
  );
}

/** x · sigmoid(x) */
function silu(value: Value, makers: Makers): Pattern | undefined {
  const { left: input, right } = binary(value, "multiply", makers) ?? {};
  const sigmoid = maker(right, "unary", makers);
  if (sigmoid?.kind !== "sigmoid" || !isSame(sigmoid.input, input)) return undefined;
  return { kind: "activation", activation: "silu", input };
}

/** x / 2 · (1 + erf(x / √2)) */
function gelu(value: Value, makers: Makers): Pattern | undefined {
  const { left, right } = binary(value, "multiply", makers) ?? {};
  const { left: input, right: half } = binary(left, "multiply", makers) ?? {};
  const { left: inner, right: one } = binary(right, "add", makers) ?? {};
  const erf = maker(inner, "unary", makers);
  if (erf?.kind !== "erf") return undefined;
  const { left: same, right: root } = binary(erf.input, "multiply", makers) ?? {};
  const isGelu =
    numberIn(half) === 0.5 && numberIn(one) === 1 && numberIn(root) === Math.fround(Math.SQRT1_2);
  if (!isGelu || !isSame(same, input)) return undefined;
  return { kind: "activation", activation: "gelu", input };
}

/** eˣ⁻ᵐ over its mean times the number of values, m being the largest. */
function softmax(value: Value, makers: Makers): Pattern | undefined {
  const { left: powers, right: sum } = binary(value, "divide", makers) ?? {};
  const exp = maker(powers, "unary", makers);
  if (exp?.kind !== "exp") return undefined;
  const { left: shares, right: count } = binary(sum, "multiply", makers) ?? {};
  const mean = maker(shares, "reduce", makers);
  const { left: input, right: most } = binary(exp.input, "subtract", makers) ?? {};
  const max = maker(most, "reduce", makers);
  const isSoftmax =
    mean?.kind === "mean" &&
    max?.kind === "max" &&
    isSame(mean.input, powers) &&
    isSame(max.input, input) &&
    mean.axes.join() === max.axes.join() &&
    numberIn(count) === lengthOf(max.axes.map((axis) => max.input.shape[axis] as number));
  return isSoftmax ? { kind: "softmax", input: max.input, axes: max.axes } : undefined;
}

type LayerNormalization = Pattern & { readonly kind: "layerNormalization" };

function layerNormalization(value: Value, makers: Makers): LayerNormalization | undefined {
  const { left: scaled, right: beta } = binary(value, "add", makers) ?? {};
  const shifted = withWeight(scaled, beta, { role: "beta", makers, of: multiplied });
  return shifted ?? multiplied(value, makers);
}

function multiplied(value: Value, makers: Makers): LayerNormalization | undefined {
  const { left: core, right: gamma } = binary(value, "multiply", makers) ?? {};
  return withWeight(core, gamma, { role: "gamma", makers, of: divided }) ?? divided(value, makers);
}

interface Weighing {
  readonly role: "gamma" | "beta";
  readonly makers: Makers;
  of(value: Value, makers: Makers): LayerNormalization | undefined;
}

function withWeight(
  value: Operand | undefined,
  weight: Operand | undefined,
  { role, makers, of }: Weighing,
): LayerNormalization | undefined {
  if (value === undefined || weight === undefined || !isValue(value) || isValue(weight)) return undefined;
  const found = of(value, makers);
  if (found === undefined) return undefined;
  const { axes, input } = found;
  const isOverAxes = weight.shape.every(
    (size, axis) => size === (axes.includes(axis) ? input.shape[axis] : 1),
  );
  if (!isOverAxes) return undefined;
  const shape: Shape = axes.map((axis) => input.shape[axis] as number);
  return { ...found, [role]: { shape, data: weight.data } };
}

/** (x − mean) / √(mean of (x − mean)² + epsilon) */
function divided(value: Value, makers: Makers): LayerNormalization | undefined {
  const { left: centered, right: deviation } = binary(value, "divide", makers) ?? {};
  const root = maker(deviation, "unary", makers);
  if (root?.kind !== "sqrt") return undefined;
  const { left: variance, right: epsilon } = binary(root.input, "add", makers) ?? {};
  const spread = maker(variance, "reduce", makers);
  const { left: one, right: other } = binary(spread?.input, "multiply", makers) ?? {};
  const { left: input, right: middle } = binary(centered, "subtract", makers) ?? {};
  const mean = maker(middle, "reduce", makers);
  const isLayerNormalization =
    mean?.kind === "mean" &&
    spread?.kind === "mean" &&
    isSame(one, centered) &&
    isSame(other, centered) &&
    isSame(mean.input, input) &&
    spread.axes.join() === mean.axes.join();
  const added = numberIn(epsilon);
  if (!isLayerNormalization || added === undefined) return undefined;
  return { kind: "layerNormalization", input: mean.input, axes: mean.axes, epsilon: added };
}

/** The operands of a value that is made of two. */
function binary(
  operand: Operand | undefined,
  kind: Binary,
  makers: Makers,
): { readonly left: Operand; readonly right: Operand } | undefined {
  const found = maker(operand, "binary", makers);
  return found?.kind === kind ? found : undefined;
}

function maker<Op extends Operator["op"]>(
  operand: Operand | undefined,
  op: Op,
  makers: Makers,
): (Operator & { readonly op: Op }) | undefined {
  if (operand === undefined || !isValue(operand)) return undefined;
  const operator = makers.get(operand.id)?.operator;
  return operator?.op === op ? (operator as Operator & { readonly op: Op }) : undefined;
}

function isSame(one: Operand | undefined, other: Operand | undefined): other is Value {
  return one !== undefined && other !== undefined && isValue(one) && isValue(other) && one.id === other.id;
}

/** One number for all. */
export function numberIn(operand: Operand | undefined): number | undefined {
  if (operand === undefined || isValue(operand)) return undefined;
  return operand.data.length === 1 ? operand.data[0] : undefined;
}
