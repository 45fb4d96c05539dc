import { type Builder, combined, withNumber } from "../graph/builder.ts";
import { type Binary, isValue, type Operand, type Tensor, type Value } from "../graph/graph.ts";
import { Refusal } from "../graph/shapes.ts";
import { defineLayer } from "./layer.ts";

/**
 * keras.layers.Add and its kin, and the functions of keras.ops and tf.math that
 * are called on tensors and constants: `x + 3.0` is an Add with one tensor.
 */
export const merge = defineLayer({
  classes: ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Divide", "TrueDivide"],
  takes: "operands",
  settings: ({ className, isFunction }) => ({ className, isFunction }),
  build(builder, { settings: { className, isFunction }, operands }) {
    const isSeveral = !isFunction && severals.has(className);
    if (isSeveral ? operands.length === 0 : operands.length !== 2) {
      throw new Refusal(`it takes two values, not ${operands.length}`);
    }
    if (isFunction) requireOneRank(operands);
    const rank = Math.max(...operands.filter(isValue).map(({ shape }) => shape.length));
    const kind = kinds[className as keyof typeof kinds];
    const [first, ...others] = operands.map((operand) =>
      isValue(operand) ? operand : withoutBatch(operand, rank),
    ) as [Operand, ...Operand[]];
    let value = first;
    for (const other of others) value = combined(builder, kind, value, other);
    if (!isValue(value)) throw new Refusal("it takes no value, but constants only");
    return className === "Average" ? mean(builder, value, operands.length) : value;
  },
});

const kinds = {
  Add: "add",
  Subtract: "subtract",
  Multiply: "multiply",
  Average: "add",
  Maximum: "maximum",
  Minimum: "minimum",
  Divide: "divide",
  TrueDivide: "divide",
} as const satisfies Record<string, Binary>;

const severals = new Set(["Add", "Multiply", "Average", "Maximum", "Minimum"]);

function mean(builder: Builder, sum: Value, count: number): Value {
  return withNumber(builder, "divide", sum, count);
}

/** A function counts axes from the last one and with the batch: values of two ranks would meet in other axes. */
function requireOneRank(operands: readonly Operand[]): void {
  const ranks = new Set(operands.filter(isValue).map(({ shape }) => shape.length));
  if (ranks.size > 1) throw new Refusal("it combines values with different numbers of axes");
}

/** A constant with an axis for the batch has one value along it, the same for every image. */
function withoutBatch(tensor: Tensor, rank: number): Tensor {
  const { shape, data } = tensor;
  if (shape.length <= rank) return tensor;
  if (shape.length === rank + 1 && shape[0] === 1) return { shape: shape.slice(1), data };
  throw new Refusal("it has a constant with more axes than the value that it meets");
}
