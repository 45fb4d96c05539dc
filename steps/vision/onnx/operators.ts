import type { Binary, Operator, Pads, Unary, Value } from "../graph/graph.ts";
import type { Builder } from "./builder.ts";
import { appendConvolution, appendTransposed } from "./convolutions.ts";
import { type Layout, type Layouts, onnxAxis } from "./layouts.ts";

export interface Place {
  readonly builder: Builder;
  readonly layouts: Layouts;
  /** What the operator gives. */
  readonly output: Value;
}

export interface Appended {
  readonly layout: Layout;
  readonly name: string;
}

/** Appends the ONNX nodes of one operator. */
export function appendOperator(place: Place, operator: Operator): Appended {
  const { builder, layouts } = place;
  switch (operator.op) {
    case "cast": {
      // A third of the bytes are turned where it is done before.
      const planes = layouts.name(operator.input, "first");
      return { layout: "first", name: builder.node("Cast", [planes], { to: { int: 1 } }) };
    }
    case "conv":
    case "depthwiseConv":
      return {
        layout: "first",
        name: appendConvolution(builder, layouts.name(operator.input, "first"), operator),
      };
    case "transposedConv":
      return {
        layout: "first",
        name: appendTransposed(builder, layouts.name(operator.input, "first"), operator),
      };
    case "matmul":
      return appendMatmul(place, operator);
    case "pool": {
      const attributes = {
        kernel_shape: { ints: operator.window },
        strides: { ints: operator.strides },
        pads: { ints: operator.pads },
      };
      const input = layouts.name(operator.input, "first");
      const name =
        operator.kind === "max"
          ? builder.node("MaxPool", [input], attributes)
          : builder.node("AveragePool", [input], { ...attributes, count_include_pad: { int: 0 } });
      return { layout: "first", name };
    }
    case "pad": {
      const layout = layouts.common([operator.input]);
      const pads = builder.integers(onnxPads(operator.pads, layout));
      return { layout, name: builder.node("Pad", [layouts.name(operator.input, layout), pads]) };
    }
    case "crop": {
      const layout = layouts.common([operator.input]);
      const [height = 1, width = 1] = operator.input.shape;
      const [top, left, bottom, right] = operator.pads;
      const axes = [0, 1].map((axis) => onnxAxis(axis, operator.input.shape, layout));
      const sides = [[top, left], [height - bottom, width - right], axes];
      const inputs = sides.map((values) => builder.integers(values));
      return { layout, name: builder.node("Slice", [layouts.name(operator.input, layout), ...inputs]) };
    }
    case "resize": {
      const scales = builder.floats([4], Float32Array.of(1, 1, ...operator.factors));
      const isLinear = operator.mode === "linear";
      const name = builder.node("Resize", [layouts.name(operator.input, "first"), "", scales], {
        mode: { string: operator.mode },
        coordinate_transformation_mode: { string: isLinear ? "half_pixel" : "asymmetric" },
        ...(isLinear ? {} : { nearest_mode: { string: "floor" } }),
      });
      return { layout: "first", name };
    }
    case "binary": {
      const layout = layouts.common([operator.left, operator.right]);
      const operands = [layouts.operand(operator.left, layout), layouts.operand(operator.right, layout)];
      return { layout, name: builder.node(binaries[operator.kind], operands) };
    }
    case "unary":
      return elementwise(place, operator.input, (input) => builder.node(unaries[operator.kind], [input]));
    case "leakyRelu":
      return elementwise(place, operator.input, (input) =>
        builder.node("LeakyRelu", [input], { alpha: { float: operator.slope } }),
      );
    case "elu":
      return elementwise(place, operator.input, (input) =>
        builder.node("Elu", [input], { alpha: { float: operator.alpha } }),
      );
    case "threshold":
      return elementwise(place, operator.input, (input) =>
        builder.node("ThresholdedRelu", [input], { alpha: { float: operator.above } }),
      );
    case "clip": {
      const bound = (value: number): string =>
        Number.isFinite(value) ? builder.floats([], Float32Array.of(value)) : "";
      const bounds = [bound(operator.least), bound(operator.most)];
      return elementwise(place, operator.input, (input) => builder.node("Clip", [input, ...bounds]));
    }
    case "scaleShift": {
      const layout = layouts.common([operator.input]);
      const shape = operator.input.shape.map((_, axis, all) =>
        axis === all.length - 1 ? operator.scale.length : 1,
      );
      const constant = (values: Float64Array): string =>
        layouts.operand({ shape, data: Float32Array.from(values) }, layout);
      const product = builder.node("Mul", [layouts.name(operator.input, layout), constant(operator.scale)]);
      return { layout, name: builder.node("Add", [product, constant(operator.shift)]) };
    }
    case "softmax": {
      const layout = layouts.common([operator.input]);
      const axis = onnxAxis(operator.axis, operator.input.shape, layout);
      const input = layouts.name(operator.input, layout);
      return { layout, name: builder.node("Softmax", [input], { axis: { int: axis } }) };
    }
    case "reduce":
      return appendReduce(place, operator);
    case "reshape": {
      const input = layouts.name(operator.input, "last");
      // The first 0 keeps the batch as it is.
      const shape = builder.integers([0, ...operator.shape]);
      return { layout: "last", name: builder.node("Reshape", [input, shape]) };
    }
    case "transpose": {
      const perm = [0, ...operator.order.map((axis) => axis + 1)];
      const input = layouts.name(operator.input, "last");
      return { layout: "last", name: builder.node("Transpose", [input], { perm: { ints: perm } }) };
    }
    case "concat": {
      const layout = layouts.common(operator.inputs);
      const axis = onnxAxis(operator.axis, place.output.shape, layout);
      const inputs = operator.inputs.map((input) => layouts.name(input, layout));
      return { layout, name: builder.node("Concat", inputs, { axis: { int: axis } }) };
    }
    case "gather": {
      const layout = layouts.common([operator.input]);
      const inputs = [layouts.name(operator.input, layout), builder.integers(operator.indices)];
      const axis = onnxAxis(operator.axis, operator.input.shape, layout);
      return { layout, name: builder.node("Gather", inputs, { axis: { int: axis } }) };
    }
    default:
      return operator satisfies never;
  }
}

const binaries: Readonly<Record<Binary, string>> = {
  add: "Add",
  subtract: "Sub",
  multiply: "Mul",
  divide: "Div",
  maximum: "Max",
  minimum: "Min",
};

const unaries: Readonly<Record<Unary, string>> = {
  relu: "Relu",
  selu: "Selu",
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  softplus: "Softplus",
  softsign: "Softsign",
  exp: "Exp",
  erf: "Erf",
  sqrt: "Sqrt",
  absolute: "Abs",
  negative: "Neg",
};

function elementwise({ layouts }: Place, input: Value, append: (input: string) => string): Appended {
  const layout = layouts.common([input]);
  return { layout, name: append(layouts.name(input, layout)) };
}

function appendMatmul({ builder, layouts }: Place, operator: Operator & { op: "matmul" }): Appended {
  const { input, kernel, bias } = operator;
  const operands = [layouts.name(input, "last"), builder.floats(kernel.shape, kernel.data)];
  const added = bias === undefined ? [] : [builder.floats(bias.shape, bias.data)];
  if (input.shape.length === 1) {
    return { layout: "last", name: builder.node("Gemm", [...operands, ...added]) };
  }
  const product = builder.node("MatMul", operands);
  const name = added.length === 0 ? product : builder.node("Add", [product, ...added]);
  return { layout: "last", name };
}

function appendReduce({ builder, layouts }: Place, operator: Operator & { op: "reduce" }): Appended {
  const { input, kind, axes, keepAxes } = operator;
  if (input.shape.length === 3 && axes.join() === "0,1") {
    const pool = kind === "max" ? "GlobalMaxPool" : "GlobalAveragePool";
    const pooled = builder.node(pool, [layouts.name(input, "first")]);
    if (keepAxes) return { layout: "first", name: pooled };
    return { layout: "last", name: builder.node("Flatten", [pooled], { axis: { int: 1 } }) };
  }
  const layout = keepAxes ? layouts.common([input]) : "last";
  const name = builder.node(kind === "max" ? "ReduceMax" : "ReduceMean", [layouts.name(input, layout)], {
    axes: { ints: axes.map((axis) => onnxAxis(axis, input.shape, layout)) },
    keepdims: { int: keepAxes ? 1 : 0 },
  });
  return { layout, name };
}

function onnxPads([top, left, bottom, right]: Pads, layout: Layout): readonly number[] {
  return layout === "first" ? [0, 0, top, left, 0, 0, bottom, right] : [0, top, left, 0, 0, bottom, right, 0];
}
