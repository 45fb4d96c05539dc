import type { Json, JsonObject } from "../../../../engine/json.ts";
import { functional, type NamedLayer } from "../functional.ts";
import { snakeCase } from "../snake-case.ts";
import { INPUT, type Topology } from "../topology.ts";
import { inKerasOrder } from "./keras-order.ts";

/** Height and width in pixels. */
export type Size = readonly [height: number, width: number];

/** Rows and columns, or one for both. */
type Pair = number | readonly [number, number];

export interface Convolution {
  readonly name?: string;
  /** Of a depthwise one there are as many as channels. */
  readonly filters?: number;
  readonly kernel: Pair;
  /** Default: 1. */
  readonly stride?: number;
  /** Default: "valid". */
  readonly padding?: "valid" | "same";
  /** Default: false. */
  readonly bias?: boolean;
  /** Default: none. */
  readonly activation?: string;
}

export interface Pool {
  readonly name?: string;
  readonly window: number;
  readonly stride: number;
  readonly padding?: "valid" | "same";
}

/** Rows above and below, columns left and right. */
export type Padding = readonly [readonly [number, number], readonly [number, number]];

/**
 * Writes a network down as Keras' functional API does: each method adds a layer
 * and gives its name. A layer without a name is called by its class, and a
 * number from the second one on.
 */
export interface NetworkBuilder {
  input(): string;
  conv2d(from: string, convolution: Convolution): string;
  depthwiseConv2d(from: string, convolution: Convolution): string;
  /** 3 × 3, and 1 × 1 over the channels. */
  separableConv2d(from: string, name: string, filters: number): string;
  batchNormalization(from: string, about?: { name?: string; epsilon?: number; scale?: boolean }): string;
  activation(from: string, activation: string, name?: string): string;
  /** @param most default: none. */
  relu(from: string, name?: string, most?: number): string;
  zeroPadding2d(from: string, padding: Padding, name?: string): string;
  maxPooling2d(from: string, pool: Pool): string;
  averagePooling2d(from: string, pool: Pool): string;
  concatenate(from: readonly string[], name?: string): string;
  /** Of layers or, `[x, 3]`, as a function of keras.ops'. */
  add(from: readonly (string | number)[], name?: string): string;
  multiply(from: readonly (string | number)[], name?: string): string;
  /** Any other layer. */
  layer(from: readonly string[], className: string, config: JsonObject, name?: string): string;
  /** The last layer is the output. */
  topology(): Topology;
}

export function newNetwork(network: string): NetworkBuilder {
  const layers: NamedLayer[] = [];
  const counts = new Map<string, number>();

  const numbered = (className: string): string => {
    const word = snakeCase(className);
    const count = counts.get(word) ?? 0;
    counts.set(word, count + 1);
    return count === 0 ? word : `${word}_${count}`;
  };
  const add = (
    inbound: readonly (string | number)[],
    className: string,
    config: JsonObject,
    name: string | undefined,
  ): string => {
    const own = name ?? numbered(className);
    layers.push({ name: own, className, config, inbound });
    return own;
  };

  return {
    input: () => add([], INPUT, { batch_input_shape: [null, null, null, 3] }, "input"),
    conv2d: (from, { name, filters = 0, ...window }) =>
      add([from], "Conv2D", { filters, ...windowOf(window) }, name),
    depthwiseConv2d: (from, { name, filters: _, ...window }) =>
      add([from], "DepthwiseConv2D", { depth_multiplier: 1, ...windowOf(window) }, name),
    separableConv2d: (from, name, filters) =>
      add(
        [from],
        "SeparableConv2D",
        { filters, depth_multiplier: 1, ...windowOf({ kernel: 3, padding: "same" }) },
        name,
      ),
    batchNormalization: (from, { name, epsilon = 1e-3, scale = true } = {}) =>
      add([from], "BatchNormalization", { axis: 3, epsilon, ...(scale ? {} : { scale }) }, name),
    activation: (from, activation, name) => add([from], "Activation", { activation }, name),
    relu: (from, name, most) => add([from], "ReLU", most === undefined ? {} : { max_value: most }, name),
    zeroPadding2d: (from, padding, name) =>
      add([from], "ZeroPadding2D", { padding: padding.map((sides) => [...sides]) }, name),
    maxPooling2d: (from, pool) => add([from], "MaxPooling2D", poolOf(pool), pool.name),
    averagePooling2d: (from, pool) => add([from], "AveragePooling2D", poolOf(pool), pool.name),
    concatenate: (from, name) => add(from, "Concatenate", { axis: 3 }, name),
    add: (from, name) => add(from, "Add", {}, name),
    multiply: (from, name) => add(from, "Multiply", {}, name),
    layer: add,
    topology: () => functional(network, inKerasOrder(layers)),
  };
}

function windowOf({ kernel, stride = 1, padding = "valid", bias = false, activation }: Convolution) {
  return {
    kernel_size: pair(kernel),
    strides: pair(stride),
    padding,
    use_bias: bias,
    activation: activation ?? "linear",
  } satisfies JsonObject;
}

function poolOf({ window, stride, padding = "valid" }: Pool): JsonObject {
  return { pool_size: pair(window), strides: pair(stride), padding };
}

function pair(value: Pair): Json {
  return typeof value === "number" ? [value, value] : [...value];
}
