import type { Json } from "../../../engine/json.ts";
import { StepError } from "../../../engine/step-type.ts";
import { pair, type Shape, windowOf } from "./shapes.ts";
import type { Layer } from "./topology.ts";

/** What is known of a layer once the sizes of its inputs are. */
export interface Inferred {
  readonly shape: Shape;
  /** Of the weights it takes, by role, in Keras' order and axis order. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
}

/**
 * The shapes of layers in order, for an input of height × width × 3.
 *
 * @throws StepError naming every layer that is not supported, or one that does not fit what comes in.
 */
export function inferShapes(
  layers: readonly Layer[],
  size: readonly [height: number, width: number],
): ReadonlyMap<string, Inferred> {
  refuseUnsupported(layers);
  const inferred = new Map<string, Inferred>();
  for (const layer of layers) {
    if (layer.className === "InputLayer") {
      const shape = { kind: "image", height: size[0], width: size[1], channels: 3 } as const;
      inferred.set(layer.name, { shape, weights: {} });
      continue;
    }
    const inputs = layer.inbound.map((name) => (inferred.get(name) as Inferred).shape);
    const infer = rules[layer.className] as Rule;
    inferred.set(layer.name, { weights: {}, ...infer(layer, inputs) });
  }
  return inferred;
}

type Rule = (layer: Layer, inputs: readonly Shape[]) => { shape: Shape; weights?: Inferred["weights"] };

const rules: Readonly<Record<string, Rule>> = {
  Conv2D: (layer, inputs) => {
    const input = imageOf(layer, inputs);
    const kernel = pair(layer.config.kernel_size, layer, "kernel_size");
    const filters = whole(layer, "filters");
    const groups = layer.config.groups === undefined ? 1 : whole(layer, "groups");
    const { height, width } = windowOf(layer, input, kernel);
    return {
      shape: { kind: "image", height, width, channels: filters },
      weights: {
        kernel: [...kernel, input.channels / groups, filters],
        ...(layer.config.use_bias === false ? {} : { bias: [filters] }),
      },
    };
  },
  DepthwiseConv2D: (layer, inputs) => {
    const input = imageOf(layer, inputs);
    const kernel = pair(layer.config.kernel_size, layer, "kernel_size");
    const multiplier = layer.config.depth_multiplier === undefined ? 1 : whole(layer, "depth_multiplier");
    const channels = input.channels * multiplier;
    const { height, width } = windowOf(layer, input, kernel);
    return {
      shape: { kind: "image", height, width, channels },
      weights: {
        depthwise_kernel: [...kernel, input.channels, multiplier],
        ...(layer.config.use_bias === false ? {} : { bias: [channels] }),
      },
    };
  },
  BatchNormalization: (layer, inputs) => {
    const shape = only(layer, inputs);
    const length = shape.kind === "image" ? shape.channels : shape.length;
    const given = layer.config.axis;
    const axis = Array.isArray(given) ? (given as readonly Json[])[0] : given;
    const last = shape.kind === "image" ? 3 : 1;
    if (axis !== undefined && axis !== -1 && axis !== last) {
      throw new StepError(
        `layer ${layer.name}: only channels last is supported, not axis ${JSON.stringify(axis)}`,
      );
    }
    return {
      shape,
      weights: {
        ...(layer.config.scale === false ? {} : { gamma: [length] }),
        ...(layer.config.center === false ? {} : { beta: [length] }),
        moving_mean: [length],
        moving_variance: [length],
      },
    };
  },
  ReLU: unchanged,
  LeakyReLU: unchanged,
  Activation: unchanged,
  Dropout: unchanged,
  ZeroPadding2D: (layer, inputs) => {
    const { height, width, channels } = imageOf(layer, inputs);
    const [[top, bottom], [left, right]] = paddingOf(layer);
    return { shape: { kind: "image", height: height + top + bottom, width: width + left + right, channels } };
  },
  MaxPooling2D: pooled,
  AveragePooling2D: pooled,
  GlobalMaxPooling2D: pooledAway,
  GlobalAveragePooling2D: pooledAway,
  Add: (layer, inputs) => {
    const [first] = inputs;
    if (first === undefined || inputs.some((shape) => JSON.stringify(shape) !== JSON.stringify(first))) {
      throw new StepError(`layer ${layer.name} adds what has different shapes`);
    }
    return { shape: first };
  },
  Concatenate: (layer, inputs) => {
    const axis = layer.config.axis ?? -1;
    const [first] = inputs;
    if (first?.kind === "vector") {
      const length = inputs.reduce(
        (sum, shape) => sum + (shape.kind === "vector" ? shape.length : Number.NaN),
        0,
      );
      if ((axis === -1 || axis === 1) && length > 0) return { shape: { kind: "vector", length } };
    } else if (first !== undefined && (axis === -1 || axis === 3)) {
      const { height, width } = first;
      const fits = inputs.every(
        (shape) => shape.kind === "image" && shape.height === height && shape.width === width,
      );
      const channels = inputs.reduce((sum, shape) => sum + (shape.kind === "image" ? shape.channels : 0), 0);
      if (fits) return { shape: { kind: "image", height, width, channels } };
    }
    throw new StepError(`layer ${layer.name} joins what does not fit; only the channels can be joined`);
  },
  Flatten: (layer, inputs) => ({ shape: { kind: "vector", length: lengthOf(only(layer, inputs)) } }),
  Reshape: (layer, inputs) => {
    const length = lengthOf(only(layer, inputs));
    const target = (Array.isArray(layer.config.target_shape) ? layer.config.target_shape : []) as number[];
    const known = target.filter((size) => size !== -1).reduce((product, size) => product * size, 1);
    const dims = target.map((size) => (size === -1 ? length / known : size));
    const [a = 0, b = 0, c = 0] = dims;
    const fits = dims.reduce((product, size) => product * size, 1) === length;
    if (fits && dims.length === 1) return { shape: { kind: "vector", length } };
    if (fits && dims.length === 3) return { shape: { kind: "image", height: a, width: b, channels: c } };
    throw new StepError(`layer ${layer.name}: ${length} values cannot become ${JSON.stringify(target)}`);
  },
  Dense: (layer, inputs) => {
    const shape = only(layer, inputs);
    if (shape.kind !== "vector")
      throw new StepError(`layer ${layer.name}: Dense is supported on vectors only`);
    const units = whole(layer, "units");
    return {
      shape: { kind: "vector", length: units },
      weights: {
        kernel: [shape.length, units],
        ...(layer.config.use_bias === false ? {} : { bias: [units] }),
      },
    };
  },
};

/** Every layer that flow can compute. */
const supportedLayers: readonly string[] = ["InputLayer", ...Object.keys(rules)];

function refuseUnsupported(layers: readonly Layer[]): void {
  const bad = layers.filter(({ className }) => !supportedLayers.includes(className));
  if (bad.length > 0) {
    const named = bad.map(({ name, className }) => `${name} (${className})`).join(", ");
    throw new StepError(
      `the network has layers that are not supported: ${named}. Supported: ${supportedLayers.join(", ")}`,
    );
  }
  const first = layers.find(({ config }) => config.data_format === "channels_first");
  if (first !== undefined)
    throw new StepError(`layer ${first.name} has its channels first; only channels last is supported`);
}

function only(layer: Layer, inputs: readonly Shape[]): Shape {
  const [shape] = inputs;
  if (shape !== undefined && inputs.length === 1) return shape;
  throw new StepError(`layer ${layer.name} takes one input, not ${inputs.length}`);
}

function imageOf(layer: Layer, inputs: readonly Shape[]): Shape & { kind: "image" } {
  const shape = only(layer, inputs);
  if (shape.kind === "image") return shape;
  throw new StepError(`layer ${layer.name} takes an image, not a vector`);
}

function lengthOf(shape: Shape): number {
  return shape.kind === "vector" ? shape.length : shape.height * shape.width * shape.channels;
}

function whole(layer: Layer, name: string): number {
  const value = layer.config[name];
  if (Number.isInteger(value) && (value as number) >= 1) return value as number;
  throw new StepError(`layer ${layer.name}: ${name} ${JSON.stringify(value)} is no whole number from 1 on`);
}

/** [[top, bottom], [left, right]]; also written as one number, or one for each axis. */
export function paddingOf(layer: Layer): readonly [readonly [number, number], readonly [number, number]] {
  const given = layer.config.padding ?? 1;
  const [rows, columns] = Array.isArray(given) ? (given as readonly Json[]) : [given, given];
  const sides = (value: Json | undefined): readonly [number, number] => {
    const [a, b] = Array.isArray(value) ? (value as readonly Json[]) : [value, value];
    if (Number.isInteger(a) && Number.isInteger(b)) return [a as number, b as number];
    throw new StepError(`layer ${layer.name}: padding ${JSON.stringify(given)} cannot be read`);
  };
  return [sides(rows), sides(columns)];
}

function unchanged(layer: Layer, inputs: readonly Shape[]): { shape: Shape } {
  return { shape: only(layer, inputs) };
}

function pooled(layer: Layer, inputs: readonly Shape[]): { shape: Shape } {
  const input = imageOf(layer, inputs);
  const { height, width } = windowOf(layer, input, pair(layer.config.pool_size ?? 2, layer, "pool_size"));
  return { shape: { kind: "image", height, width, channels: input.channels } };
}

function pooledAway(layer: Layer, inputs: readonly Shape[]): { shape: Shape } {
  const { channels } = imageOf(layer, inputs);
  if (layer.config.keepdims === true) return { shape: { kind: "image", height: 1, width: 1, channels } };
  return { shape: { kind: "vector", length: channels } };
}
