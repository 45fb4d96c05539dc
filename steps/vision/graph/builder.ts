import {
  type Binary,
  type Graph,
  isValue,
  lengthOf,
  type Node,
  type Operand,
  type Operator,
  type Shape,
  type Tensor,
  type Value,
} from "./graph.ts";
import { Refusal, shapeOf } from "./shapes.ts";

/** Collects operators; a value's shape follows from them. */
export interface Builder {
  readonly input: Value;
  /** @throws Refusal where the operands do not fit, or nobody has memory for what comes out. */
  add(operator: Operator): Value;
  finish(name: string, output: Value): Graph;
}

/** Values of one image, at 4 bytes each: a network that makes more asks for something else than features. */
const MOST_VALUES = 2 ** 28;

export function newBuilder(input: Shape): Builder {
  const nodes: Node[] = [];
  const pixels = { id: 0, shape: input };
  return {
    input: pixels,
    add(operator) {
      const shape = shapeOf(operator);
      if (!(lengthOf(shape) <= MOST_VALUES)) {
        throw new Refusal(`it gives ${shape.join(" × ")} values for one image, which is too many`);
      }
      const output = { id: nodes.length + 1, shape };
      nodes.push({ operator, output });
      return output;
    },
    finish: (name, output) => ({ name, input: pixels, nodes, output }),
  };
}

/** One number, of any rank. */
function scalar(value: number, rank: number): Tensor {
  return { shape: new Array<number>(rank).fill(1), data: Float32Array.of(value) };
}

/** x ∘ number. */
export function withNumber(builder: Builder, kind: Binary, left: Value, right: number): Value {
  return builder.add({ op: "binary", kind, left, right: scalar(right, left.shape.length) });
}

/** left ∘ right, the one with the lower rank seen as if it had sizes of 1 after the batch, as Keras' merging layers do. */
export function combined(builder: Builder, kind: Binary, left: Operand, right: Operand): Value {
  const rank = Math.max(left.shape.length, right.shape.length);
  return builder.add({
    op: "binary",
    kind,
    left: raised(builder, left, rank),
    right: raised(builder, right, rank),
  });
}

function raised(builder: Builder, operand: Operand, rank: number): Operand {
  const { shape } = operand;
  if (shape.length === rank) return operand;
  const wider = [...new Array<number>(rank - shape.length).fill(1), ...shape];
  return isValue(operand)
    ? builder.add({ op: "reshape", input: operand, shape: wider })
    : { shape: wider, data: operand.data };
}
