import type { Tensor } from "../../compute/tensorflow/session.ts";
import { type Binary, isValue, type Operand, type Operator, type Unary } from "../graph/graph.ts";
import { convolution, depthwiseConvolution, transposedConvolution } from "./convolutions.ts";
import { type Compute, operandOf, type Place } from "./place.ts";
import { pooling } from "./pooling.ts";

/** Makes one operator ready. */
export function compileOperator(place: Place, operator: Operator): Compute {
  const { tf } = place;
  switch (operator.op) {
    case "cast":
      // Bytes reach the device; TensorFlow.js takes them for int32.
      return (take) => {
        const types = { SrcT: { type: "uint8" }, DstT: { type: "float32" } } as const;
        return place.operation("Cast", types, [take(operator.input)]);
      };
    case "conv":
      return convolution(place, operator);
    case "depthwiseConv":
      return depthwiseConvolution(place, operator);
    case "transposedConv":
      return transposedConvolution(place, operator);
    case "matmul":
      return matmul(place, operator);
    case "pool":
      return pooling(place, operator);
    case "pad": {
      const [top, left, bottom, right] = operator.pads;
      const sides: [number, number][] = [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ];
      return (take) => tf.pad(take(operator.input), sides);
    }
    case "crop": {
      const [height = 1, width = 1, channels = 1] = operator.input.shape;
      const [top, left, bottom, right] = operator.pads;
      const size = [-1, height - top - bottom, width - left - right, channels];
      return (take) => tf.slice(take(operator.input), [0, top, left, 0], size);
    }
    case "resize": {
      const [height = 1, width = 1] = operator.input.shape;
      const size = place.indices([height * operator.factors[0], width * operator.factors[1]]);
      // Centres of pixels, for the nearest too: no rounding reaches the next one.
      const settings = { align_corners: false, half_pixel_centers: true };
      const name = operator.mode === "linear" ? "ResizeBilinear" : "ResizeNearestNeighbor";
      return (take) => place.operation(name, settings, [take(operator.input), size]);
    }
    case "binary": {
      const [left, right] = [operand(place, operator.left), operand(place, operator.right)];
      return (take) => binaries[operator.kind](place, left(take), right(take));
    }
    case "unary":
      return (take) => unaries[operator.kind](place, take(operator.input));
    case "leakyRelu": {
      const settings = { alpha: { float: operator.slope } };
      return (take) => place.operation("LeakyRelu", settings, [take(operator.input)]);
    }
    case "elu": {
      const { alpha } = operator;
      if (alpha === 1) return (take) => tf.elu(take(operator.input));
      return (take) => {
        const input = take(operator.input);
        return tf.add(tf.relu(input), tf.mul(tf.elu(tf.minimum(input, 0)), alpha));
      };
    }
    case "threshold":
      return (take) => {
        const input = take(operator.input);
        return place.operation("SelectV2", {}, [tf.greater(input, operator.above), input, tf.scalar(0)]);
      };
    case "clip": {
      const { least, most } = operator;
      return (take) => {
        const input = take(operator.input);
        const raised = Number.isFinite(least) ? tf.maximum(input, least) : input;
        return Number.isFinite(most) ? tf.minimum(raised, most) : raised.clone();
      };
    }
    case "scaleShift": {
      const scale = place.constant([operator.scale.length], Float32Array.from(operator.scale));
      const shift = place.constant([operator.shift.length], Float32Array.from(operator.shift));
      return (take) => tf.add(tf.mul(take(operator.input), scale), shift);
    }
    case "softmax":
      return softmax(place, operator);
    case "reduce": {
      const { kind, keepAxes } = operator;
      const axes = operator.axes.map((axis) => axis + 1);
      const reduce = kind === "max" ? tf.max : tf.mean;
      return (take) => reduce(take(operator.input), axes, keepAxes);
    }
    case "reshape":
      return (take) => {
        const input = take(operator.input);
        return tf.reshape(input, [input.shape[0] ?? 0, ...operator.shape]);
      };
    case "transpose": {
      const order = [0, ...operator.order.map((axis) => axis + 1)];
      return (take) => tf.transpose(take(operator.input), order);
    }
    case "concat":
      return (take) => tf.concat(operator.inputs.map(take), operator.axis + 1);
    case "gather": {
      const indices = place.indices(operator.indices);
      const axis = place.indices([operator.axis + 1]);
      return (take) => place.operation("GatherV2", {}, [take(operator.input), indices, tf.reshape(axis, [])]);
    }
    default:
      return operator satisfies never;
  }
}

const binaries: Readonly<Record<Binary, (place: Place, left: Tensor, right: Tensor) => Tensor>> = {
  add: ({ tf }, left, right) => tf.add(left, right),
  subtract: ({ tf }, left, right) => tf.sub(left, right),
  multiply: ({ tf }, left, right) => tf.mul(left, right),
  divide: ({ tf }, left, right) => tf.div(left, right),
  maximum: ({ tf }, left, right) => tf.maximum(left, right),
  minimum: ({ tf }, left, right) => tf.minimum(left, right),
};

const unaries: Readonly<Record<Unary, (place: Place, input: Tensor) => Tensor>> = {
  relu: ({ tf }, input) => tf.relu(input),
  selu: ({ tf }, input) => tf.selu(input),
  sigmoid: ({ tf }, input) => tf.sigmoid(input),
  tanh: ({ tf }, input) => tf.tanh(input),
  softplus: ({ tf }, input) => tf.softplus(input),
  softsign: ({ operation }, input) => operation("Softsign", {}, [input]),
  exp: ({ tf }, input) => tf.exp(input),
  erf: ({ tf }, input) => tf.erf(input),
  sqrt: ({ tf }, input) => tf.sqrt(input),
  absolute: ({ tf }, input) => tf.abs(input),
  negative: ({ tf }, input) => tf.neg(input),
};

function operand(place: Place, one: Operand): Compute {
  if (isValue(one)) return (take) => take(one);
  const constant = operandOf(place, one);
  return () => constant;
}

function matmul(place: Place, operator: Operator & { op: "matmul" }): Compute {
  const { tf } = place;
  const { input, kernel, bias } = operator;
  const weights = place.constant(kernel.shape, kernel.data);
  const added = bias && place.constant(bias.shape, bias.data);
  const [depth = 1, out = 1] = kernel.shape;
  return (take) => {
    const value = take(input);
    const rows = tf.reshape(value, [-1, depth]);
    const product = tf.matMul(rows as ReturnType<Place["tf"]["tensor2d"]>, weights);
    const sum = added === undefined ? product : place.operation("BiasAdd", {}, [product, added]);
    return tf.reshape(sum, [...value.shape.slice(0, -1), out]);
  };
}

/** TensorFlow's is along the last axis. */
function softmax(place: Place, { input, axis }: Operator & { op: "softmax" }): Compute {
  const { tf } = place;
  const last = input.shape.length;
  if (axis + 1 === last) return (take) => tf.softmax(take(input));
  const order = Array.from({ length: last + 1 }, (_, at) => at);
  [order[axis + 1], order[last]] = [last, axis + 1];
  return (take) => tf.transpose(tf.softmax(tf.transpose(take(input), order)), order);
}
