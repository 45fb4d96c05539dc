import { isObject, type Json, type JsonObject } from "../../../engine/json.ts";
import { type Builder, withNumber } from "../graph/builder.ts";
import type { Unary, Value } from "../graph/graph.ts";
import type { Dialect } from "../networks/topology.ts";
import { tensorOf } from "./arrays.ts";
import { axisOf } from "./axes.ts";
import { isForeign } from "./foreign.ts";

/** Appends a function of one value. */
export type Activation = (builder: Builder, input: Value) => Value;

/**
 * An activation as Keras writes it: a name, a function with a name, or a layer.
 *
 * @returns why not, where it is not supported.
 */
export function readActivation(json: Json, dialect: Dialect): Activation | string {
  if (typeof json === "string") {
    const name = json.toLowerCase();
    const activation = name === "hard_sigmoid" ? hardSigmoid(dialect) : activations[name];
    return activation ?? `is not supported; these are: ${activationNames.join(", ")}`;
  }
  if (!isObject(json)) return "is no activation";
  const { class_name: className, module, registered_name: registered, config } = json;
  const isOwn = typeof registered === "string" && registered.includes(">");
  if (isOwn || (typeof module === "string" && isForeign(module)))
    return "is somebody's own, which is not supported";
  if (className === "function" && typeof config === "string") return readActivation(config, dialect);
  return readLayer(json, dialect);
}

/** A layer that stands for a function: `activation=LeakyReLU(0.1)`. All that it is told is numbers. */
function readLayer(json: JsonObject, dialect: Dialect): Activation | string {
  const config = isObject(json.config) ? json.config : {};
  if (json.class_name === "Activation" && config.activation !== undefined)
    return readActivation(config.activation, dialect);
  const given = new Map<string, number | undefined>();
  for (const [name, value] of Object.entries(config)) {
    if (value !== null && !["name", "trainable", "dtype"].includes(name)) given.set(name, numberOf(value));
  }
  const known = numbered[String(json.class_name)];
  const isUnderstood = [...given].every(
    ([name, value]) => value !== undefined && known?.names.includes(name),
  );
  if (known !== undefined && isUnderstood) return known.make((name) => given.get(name));
  return "is a layer that is not supported as an activation; name the activation, or add it as a layer of its own";
}

function numberOf(json: Json): number | undefined {
  const tensor = tensorOf(json);
  return tensor?.data.length === 1 ? tensor.data[0] : undefined;
}

interface Numbered {
  readonly names: readonly string[];
  make(number: (name: string) => number | undefined): Activation;
}

const numbered: Readonly<Record<string, Numbered>> = {
  __proto__: null as never,
  LeakyReLU: {
    names: ["negative_slope", "alpha"],
    make: (number) => leakyRelu(number("negative_slope") ?? number("alpha") ?? 0.3),
  },
  ELU: { names: ["alpha"], make: (number) => elu(number("alpha") ?? 1) },
  ReLU: {
    names: ["negative_slope", "max_value", "threshold"],
    make: (number) =>
      relu({
        slope: number("negative_slope") ?? 0,
        most: number("max_value") ?? Number.POSITIVE_INFINITY,
        threshold: number("threshold") ?? 0,
      }),
  },
  Softmax: { names: ["axis"], make: (number) => softmax(number("axis") ?? -1) },
};

/** Keras 3: relu6(x + 3) / 6. Keras 2 and TensorFlow.js: 0.2 · x + 0.5 between 0 and 1. */
function hardSigmoid(dialect: Dialect): Activation {
  return (builder, input) => {
    if (dialect === "keras3") return hardSigmoid3(builder, input);
    const line = withNumber(builder, "add", withNumber(builder, "multiply", input, 0.2), 0.5);
    return builder.add({ op: "clip", input: line, least: 0, most: 1 });
  };
}

function hardSigmoid3(builder: Builder, input: Value): Value {
  const moved = withNumber(builder, "add", input, 3);
  return withNumber(builder, "divide", builder.add({ op: "clip", input: moved, least: 0, most: 6 }), 6);
}

export interface ReluSettings {
  readonly slope: number;
  /** Infinity where there is none. */
  readonly most: number;
  readonly threshold: number;
}

/** `most` from there on; x from `threshold` on; slope · (x − threshold) below. */
export function relu({ slope, most, threshold }: ReluSettings): Activation {
  return (builder, input) => {
    if (threshold === 0 && most === Number.POSITIVE_INFINITY) {
      return slope === 0 ? unary("relu")(builder, input) : leakyRelu(slope)(builder, input);
    }
    const above = threshold === 0 ? input : builder.add({ op: "threshold", input, above: threshold });
    const isBounded = most !== Number.POSITIVE_INFINITY;
    const kept = isBounded ? builder.add({ op: "clip", input: above, least: 0, most }) : above;
    if (slope === 0) return kept;
    const below = withNumber(builder, "minimum", withNumber(builder, "subtract", input, threshold), 0);
    return builder.add({
      op: "binary",
      kind: "add",
      left: kept,
      right: withNumber(builder, "multiply", below, slope),
    });
  };
}

export function leakyRelu(slope: number): Activation {
  return (builder, input) => builder.add({ op: "leakyRelu", input, slope });
}

export function elu(alpha: number): Activation {
  return (builder, input) => builder.add({ op: "elu", input, alpha });
}

export function softmax(axis: number): Activation {
  return (builder, input) => builder.add({ op: "softmax", input, axis: axisOf(axis, input.shape) });
}

/** x · Φ(x), or its approximation by tanh (Hendrycks and Gimpel, 2016). */
export function gelu(isApproximate: boolean): Activation {
  return (builder, input) => {
    const inner = isApproximate
      ? unary("tanh")(builder, withNumber(builder, "multiply", cubic(builder, input), Math.sqrt(2 / Math.PI)))
      : unary("erf")(builder, withNumber(builder, "multiply", input, Math.SQRT1_2));
    return times(builder, withNumber(builder, "multiply", input, 0.5), withNumber(builder, "add", inner, 1));
  };
}

/** x + 0.044715 · x³ */
function cubic(builder: Builder, input: Value): Value {
  const cube = times(builder, times(builder, input, input), input);
  const left = withNumber(builder, "multiply", cube, 0.044715);
  return builder.add({ op: "binary", kind: "add", left, right: input });
}

export function unary(kind: Unary): Activation {
  return (builder, input) => builder.add({ op: "unary", kind, input });
}

function times(builder: Builder, left: Value, right: Value): Value {
  return builder.add({ op: "binary", kind: "multiply", left, right });
}

const clip =
  (least: number, most: number): Activation =>
  (builder, input) =>
    builder.add({ op: "clip", input, least, most });

const silu: Activation = (builder, input) => times(builder, input, unary("sigmoid")(builder, input));
const hardSilu: Activation = (builder, input) => times(builder, input, hardSigmoid3(builder, input));
const mish: Activation = (builder, input) =>
  times(builder, input, unary("tanh")(builder, unary("softplus")(builder, input)));

/** By the names that Keras gives them; hard_sigmoid depends on who wrote the file. */
const activations: Readonly<Record<string, Activation>> = {
  __proto__: null as never,
  linear: (_, input) => input,
  relu: unary("relu"),
  relu6: clip(0, 6),
  leaky_relu: leakyRelu(0.2),
  elu: elu(1),
  selu: unary("selu"),
  gelu: gelu(false),
  silu,
  swish: silu,
  mish,
  sigmoid: unary("sigmoid"),
  hard_silu: hardSilu,
  hard_swish: hardSilu,
  hard_tanh: clip(-1, 1),
  tanh: unary("tanh"),
  softplus: unary("softplus"),
  softsign: unary("softsign"),
  exponential: unary("exp"),
  softmax: softmax(-1),
};

const activationNames = [...Object.keys(activations), "hard_sigmoid"];
