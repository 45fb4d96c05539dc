import { lengthOf, type Operator, type Pads, type Pair, type Shape } from "./graph.ts";

/** The shape of what an operator gives. What does not fit is refused by the layer that made it: see `Refusal`. */
export function shapeOf(operator: Operator): Shape {
  switch (operator.op) {
    case "conv": {
      const [height, width] = windowed(operator.input.shape, kernelSize(operator.kernel.shape), operator);
      return [height, width, operator.kernel.shape[3] as number];
    }
    case "depthwiseConv": {
      const [, , channels = 1, multiplier = 1] = operator.kernel.shape;
      return [
        ...windowed(operator.input.shape, kernelSize(operator.kernel.shape), operator),
        channels * multiplier,
      ];
    }
    case "transposedConv":
      return [...spread(operator), operator.kernel.shape[2] as number];
    case "pool":
      return [
        ...windowed(operator.input.shape, operator.window, { ...operator, dilation: [1, 1] }),
        operator.input.shape[2] as number,
      ];
    case "matmul":
      return [...operator.input.shape.slice(0, -1), operator.kernel.shape[1] as number];
    case "pad":
      return padded(operator.input.shape, operator.pads, 1);
    case "crop":
      return padded(operator.input.shape, operator.pads, -1);
    case "resize": {
      const [height = 1, width = 1, channels = 1] = operator.input.shape;
      return [height * operator.factors[0], width * operator.factors[1], channels];
    }
    case "binary":
      return broadcast(operator.left.shape, operator.right.shape);
    case "reduce":
      return operator.input.shape.flatMap((size, axis) =>
        operator.axes.includes(axis) ? (operator.keepAxes ? [1] : []) : [size],
      );
    case "reshape":
      return operator.shape;
    case "transpose":
      return operator.order.map((axis) => operator.input.shape[axis] as number);
    case "concat": {
      const [first] = operator.inputs;
      const size = operator.inputs.reduce((sum, { shape }) => sum + (shape[operator.axis] as number), 0);
      return (first?.shape ?? []).map((own, axis) => (axis === operator.axis ? size : own));
    }
    case "gather":
      return operator.input.shape.map((own, axis) =>
        axis === operator.axis ? operator.indices.length : own,
      );
    case "cast":
    case "unary":
    case "leakyRelu":
    case "elu":
    case "threshold":
    case "clip":
    case "scaleShift":
    case "softmax":
      return operator.input.shape;
    default:
      return operator satisfies never;
  }
}

/** @throws Refusal where two sizes differ and neither is 1. */
function broadcast(left: Shape, right: Shape): Shape {
  const fits =
    left.length === right.length &&
    left.every((size, axis) => size === right[axis] || size === 1 || right[axis] === 1);
  if (!fits) throw new Refusal(`${describe(left)} and ${describe(right)} do not fit together`);
  return left.map((size, axis) => Math.max(size, right[axis] as number));
}

/** Why a layer cannot be computed as it stands. Whoever knows the layer says which it is. */
export class Refusal extends Error {}

export function describe(shape: Shape): string {
  return shape.length === 1
    ? `a vector of ${shape[0]}`
    : lengthOf(shape) === 1
      ? "one number"
      : shape.join(" × ");
}

interface Moving {
  readonly strides: Pair;
  readonly dilation: Pair;
  readonly pads: Pads;
}

function kernelSize(shape: Shape): Pair {
  return [shape[0] as number, shape[1] as number];
}

/** How often a window fits, by rows and columns. @throws Refusal where it does not. */
export function windowed(
  [height = 1, width = 1]: Shape,
  window: Pair,
  { strides, dilation, pads }: Moving,
): Pair {
  const along = (size: number, at: 0 | 1): number => {
    const reach = (window[at] - 1) * dilation[at] + 1;
    return Math.floor((size + pads[at] + pads[(at + 2) as 2 | 3] - reach) / strides[at]) + 1;
  };
  const sizes = [along(height, 0), along(width, 1)] as const;
  if (sizes[0] < 1 || sizes[1] < 1) throw new Refusal(`an image of ${height} × ${width} is too small for it`);
  return sizes;
}

function spread(operator: Operator & { op: "transposedConv" }): Pair {
  const { input, kernel, strides, dilation, pads, more } = operator;
  const along = (at: 0 | 1): number => {
    const reach = ((kernel.shape[at] as number) - 1) * dilation[at] + 1;
    const size = input.shape[at] as number;
    return (size - 1) * strides[at] + reach - pads[at] - pads[(at + 2) as 2 | 3] + more[at];
  };
  return [along(0), along(1)];
}

function padded([height = 1, width = 1, channels = 1]: Shape, pads: Pads, sign: 1 | -1): Shape {
  const sizes = [height + sign * (pads[0] + pads[2]), width + sign * (pads[1] + pads[3])] as const;
  if (sizes[0] < 1 || sizes[1] < 1) throw new Refusal(`nothing is left of an image of ${height} × ${width}`);
  return [...sizes, channels];
}
