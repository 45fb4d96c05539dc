/**
 * A network as flow computes it: a list of plain operators over arrays, in
 * Keras' own order of axes (channels last). It knows neither Keras' layers nor
 * any runtime: layers are translated into it, and each runtime executes it.
 */
export interface Graph {
  readonly name: string;
  /** Pixels: uint8, height × width × 3, RGB. */
  readonly input: Value;
  /** Each after all it takes from. */
  readonly nodes: readonly Node[];
  readonly output: Value;
  /** Paths of the network's layers by the id of what they give; of two that give the same, the first one's. */
  readonly layers?: ReadonlyMap<number, string>;
}

/** What an operator gives for one image; the batch is an axis before all others, which no operator touches. */
export interface Value {
  readonly id: number;
  readonly shape: Shape;
}

/** Sizes without the batch: height, width, channels of an image; the length of a vector. */
export type Shape = readonly number[];

/** Constant float32 values in row-major order. */
export interface Tensor {
  readonly shape: Shape;
  readonly data: Float32Array;
}

export interface Node {
  readonly operator: Operator;
  readonly output: Value;
}

/** Rows and columns. */
export type Pair = readonly [rows: number, columns: number];
export type Pads = readonly [top: number, left: number, bottom: number, right: number];

/** Every operator there is. Axes count from 0, without the batch. */
export type Operator =
  | { readonly op: "cast"; readonly input: Value }
  | Convolution
  | DepthwiseConvolution
  | TransposedConvolution
  | {
      readonly op: "matmul";
      readonly input: Value;
      /** in × out. */
      readonly kernel: Tensor;
      readonly bias?: Tensor;
    }
  | Pooling
  /** Zeros around an image. */
  | { readonly op: "pad"; readonly input: Value; readonly pads: Pads }
  | { readonly op: "crop"; readonly input: Value; readonly pads: Pads }
  /** Whole factors. Linear: pixels are squares, their centres are what is interpolated; the border is repeated. */
  | {
      readonly op: "resize";
      readonly input: Value;
      readonly factors: Pair;
      readonly mode: "nearest" | "linear";
    }
  /** Both have one rank; a size of 1 is repeated. */
  | { readonly op: "binary"; readonly kind: Binary; readonly left: Operand; readonly right: Operand }
  | { readonly op: "unary"; readonly kind: Unary; readonly input: Value }
  /** x where it is not negative, slope · x elsewhere. */
  | { readonly op: "leakyRelu"; readonly input: Value; readonly slope: number }
  /** x where it is not negative, alpha · (eˣ − 1) elsewhere. */
  | { readonly op: "elu"; readonly input: Value; readonly alpha: number }
  /** x where it is greater, 0 elsewhere. */
  | { readonly op: "threshold"; readonly input: Value; readonly above: number }
  | { readonly op: "clip"; readonly input: Value; readonly least: number; readonly most: number }
  | ScaleShift
  | { readonly op: "softmax"; readonly input: Value; readonly axis: number }
  | {
      readonly op: "reduce";
      readonly kind: "mean" | "max";
      readonly input: Value;
      readonly axes: readonly number[];
      readonly keepAxes: boolean;
    }
  | { readonly op: "reshape"; readonly input: Value; readonly shape: Shape }
  | { readonly op: "transpose"; readonly input: Value; readonly order: readonly number[] }
  | { readonly op: "concat"; readonly inputs: readonly Value[]; readonly axis: number }
  | {
      readonly op: "gather";
      readonly input: Value;
      readonly axis: number;
      readonly indices: readonly number[];
    };

/** A kernel that moves over an image. */
interface MovingKernel {
  readonly input: Value;
  /** One number for each output channel. */
  readonly bias?: Tensor;
  readonly strides: Pair;
  readonly dilation: Pair;
  readonly pads: Pads;
}

export interface Convolution extends MovingKernel {
  readonly op: "conv";
  /** height × width × in / groups × out. */
  readonly kernel: Tensor;
  readonly groups: number;
}

export interface DepthwiseConvolution extends MovingKernel {
  readonly op: "depthwiseConv";
  /** height × width × in × multiplier. */
  readonly kernel: Tensor;
}

/** The gradient of a convolution: every pixel is spread by the kernel, then `pads` are cut off and `more` added below and right. */
export interface TransposedConvolution extends MovingKernel {
  readonly op: "transposedConv";
  /** height × width × out × in. */
  readonly kernel: Tensor;
  readonly more: Pair;
}

/** What is padded does not count: neither as the largest nor in the mean. */
export interface Pooling {
  readonly op: "pool";
  readonly kind: "max" | "mean";
  readonly input: Value;
  readonly window: Pair;
  readonly strides: Pair;
  readonly pads: Pads;
}

/** scale · x + shift along the last axis, in double precision until it is computed or folded. */
export interface ScaleShift {
  readonly op: "scaleShift";
  readonly input: Value;
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** A value, or a constant of the same rank as the other operand (without the batch). */
export type Operand = Value | Tensor;

export type Binary = "add" | "subtract" | "multiply" | "divide" | "maximum" | "minimum";

export type Unary =
  | "relu"
  | "selu"
  | "sigmoid"
  | "tanh"
  | "softplus"
  | "softsign"
  | "exp"
  | "erf"
  | "sqrt"
  | "absolute"
  | "negative";

export function isValue(operand: Operand): operand is Value {
  return "id" in operand;
}

/** The values that an operator takes. */
export function inputsOf(operator: Operator): readonly Value[] {
  switch (operator.op) {
    case "binary":
      return [operator.left, operator.right].filter(isValue);
    case "concat":
      return operator.inputs;
    default:
      return [operator.input];
  }
}

export function lengthOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}
