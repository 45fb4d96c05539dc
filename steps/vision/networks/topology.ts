import { isObject, type Json, type JsonObject } from "../../../engine/json.ts";
import { StepError } from "../../../engine/step-type.ts";

/** One layer of a network, in Keras' vocabulary. */
export interface Layer {
  readonly name: string;
  readonly className: string;
  /** As Keras serializes it: snake case, channels last. */
  readonly config: JsonObject;
  /** Names of the layers whose outputs it takes, in order. */
  readonly inbound: readonly string[];
}

/** A network as a graph of layers, each after all it takes from. */
export interface Topology {
  readonly name: string;
  readonly layers: readonly Layer[];
}

/** float32 values in row-major order, in Keras' axis order. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Of each layer its weights by role: kernel, bias, gamma, beta, moving_mean, moving_variance, depthwise_kernel. */
export type Weights = ReadonlyMap<string, Readonly<Record<string, Tensor>>>;

/** The role that a weight's name ends with: `conv1/kernel:0` is a kernel. */
export function roleOf(weight: string): string {
  return (weight.split("/").at(-1) ?? weight).replace(/:\d+$/, "");
}

/**
 * Reads Keras' serialized topology: the `modelTopology` of a TensorFlow.js
 * layers model, or a Keras 2 or 3 model configuration, functional or sequential.
 *
 * @throws StepError where it is no such topology.
 */
export function readTopology(json: Json | undefined, from: string): Topology {
  const top = isObject(json) && isObject(json.model_config) ? json.model_config : json;
  if (!isObject(top) || typeof top.class_name !== "string") throw malformed(from, "it has no model class");
  const config: JsonObject = isObject(top.config) ? top.config : { layers: top.config ?? null };
  const items = config.layers;
  if (!Array.isArray(items)) throw malformed(from, "it has no list of layers");
  const sequential = top.class_name === "Sequential";
  const layers: Layer[] = [];
  for (const item of items as readonly Json[]) {
    const layer = readLayer(item, from);
    const before = layers.at(-1);
    const inbound = sequential
      ? before === undefined
        ? []
        : [before.name]
      : inboundOf(item, layer.name, from);
    if (sequential && before === undefined && layer.className !== "InputLayer") {
      const input = { name: "input", className: "InputLayer", config: layer.config, inbound: [] };
      layers.push(input, { ...layer, inbound: ["input"] });
    } else layers.push({ ...layer, inbound });
  }
  const name = typeof config.name === "string" ? config.name : "model";
  return { name, layers: topologicallySorted(layers, from) };
}

/** The layers that a layer's output depends on, itself included, in order. */
export function layersUpTo({ layers }: Topology, name: string): readonly Layer[] {
  const needed = new Set([name]);
  const kept: Layer[] = [];
  for (const layer of [...layers].reverse()) {
    if (!needed.has(layer.name)) continue;
    for (const input of layer.inbound) needed.add(input);
    kept.unshift(layer);
  }
  return kept;
}

function malformed(from: string, why: string): StepError {
  return new StepError(`${from} holds no Keras layers model: ${why}`);
}

function readLayer(item: Json, from: string): Omit<Layer, "inbound"> {
  if (!isObject(item) || typeof item.class_name !== "string" || !isObject(item.config)) {
    throw malformed(from, "a layer has no class or no configuration");
  }
  const name = item.name ?? item.config.name;
  if (typeof name !== "string") throw malformed(from, `a ${item.class_name} layer has no name`);
  return { name, className: item.class_name, config: item.config };
}

/** Keras 2: [[["conv1", 0, 0, {}], …]]; Keras 3: tensors with a `keras_history` among the call's arguments. */
function inboundOf(item: Json, layer: string, from: string): string[] {
  const nodes = isObject(item) ? item.inbound_nodes : undefined;
  if (!Array.isArray(nodes) || nodes.length === 0) return [];
  if (nodes.length > 1)
    throw new StepError(`${from}: layer ${layer} is used more than once, which is not supported`);
  const [node] = nodes as readonly Json[];
  const names: string[] = [];
  if (isObject(node)) collectHistories(node.args, names);
  else if (Array.isArray(node)) {
    // A single input may be written without its own brackets.
    const tensors = typeof node[0] === "string" ? [node] : node;
    for (const tensor of tensors as readonly Json[]) {
      const name = Array.isArray(tensor) ? (tensor as readonly Json[])[0] : undefined;
      if (typeof name !== "string") throw malformed(from, `the inputs of layer ${layer} cannot be read`);
      names.push(name);
    }
  }
  return names;
}

function collectHistories(value: Json | undefined, names: string[]): void {
  if (Array.isArray(value)) for (const item of value) collectHistories(item, names);
  if (!isObject(value)) return;
  const history = isObject(value.config) ? value.config.keras_history : undefined;
  if (Array.isArray(history) && typeof history[0] === "string") names.push(history[0]);
}

function topologicallySorted(layers: readonly Layer[], from: string): readonly Layer[] {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  if (byName.size !== layers.length) throw malformed(from, "two layers have one name");
  const placed = new Set<string>();
  const order: Layer[] = [];
  let waiting = [...layers];
  while (waiting.length > 0) {
    const ready = waiting.filter(({ inbound }) => inbound.every((name) => placed.has(name)));
    if (ready.length === 0) {
      throw malformed(
        from,
        `layer ${waiting[0]?.name} takes from a layer that is not there or comes from itself`,
      );
    }
    for (const layer of ready) placed.add(layer.name);
    order.push(...ready);
    waiting = waiting.filter(({ name }) => !placed.has(name));
  }
  return order;
}
