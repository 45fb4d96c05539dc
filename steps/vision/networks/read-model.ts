import { isObject, type Json, type JsonObject } from "../../../engine/json.ts";
import { StepError } from "../../../engine/step-type.ts";
import { type Reference, readCalls, readReferences, type WrittenCall } from "./read-calls.ts";
import { INPUT } from "./topology.ts";

/** A model as the file has it: layers, some of them models, and which tensors go where. */
export interface WrittenModel {
  readonly name: string;
  readonly className: string;
  readonly layers: readonly WrittenLayer[];
  readonly inputs: readonly Reference[];
  readonly outputs: readonly Reference[];
}

export interface WrittenLayer {
  readonly name: string;
  readonly className: string;
  readonly module: string;
  readonly config: JsonObject;
  readonly calls: readonly WrittenCall[];
  /** Where the layer is a model. */
  readonly model?: WrittenModel;
}

/** Models within models, and no file that somebody made to exhaust the stack. */
const DEEPEST = 20;

const modelClasses = new Set(["Functional", "Model", "Sequential"]);

/** @throws StepError where it is no model of Keras' as it is saved. */
export function readModel(json: JsonObject, from: string, depth = 0): WrittenModel {
  if (depth > DEEPEST) throw malformed(from, `it has models within models, more than ${DEEPEST} deep`);
  const { class_name: className } = json;
  if (typeof className !== "string" || !modelClasses.has(className)) {
    throw malformed(
      from,
      typeof className === "string"
        ? `the model is of a class of its own, ${clean(className)}; save it as a functional or sequential model`
        : "it has no model class",
    );
  }
  const config: JsonObject = isObject(json.config) ? json.config : { layers: json.config ?? null };
  if (!Array.isArray(config.layers)) throw malformed(from, "it has no list of layers");
  const name = typeof config.name === "string" ? config.name : "model";
  const items = config.layers as readonly Json[];
  const layers = items.map((item) => readLayer(item, from, depth));
  if (new Set(layers.map((layer) => layer.name)).size !== layers.length) {
    throw malformed(from, "two layers have one name");
  }
  if (className === "Sequential") return { name, className, ...chained(layers) };
  return {
    name,
    className,
    layers,
    inputs: readReferences(config.input_layers, from) ?? inputLayers(layers),
    outputs: (readReferences(config.output_layers, from) ?? []).map((output) => fromFirstUse(output, items)),
  };
}

/**
 * Keras 3 counts the making of a functional model as its first use where it
 * lists outputs, and does not where other layers take from it.
 */
function fromFirstUse(output: Reference, items: readonly Json[]): Reference {
  const isCounted = items.some(
    (item) =>
      isObject(item) &&
      (item.name === output.layer || (isObject(item.config) && item.config.name === output.layer)) &&
      item.class_name !== "Sequential" &&
      modelClasses.has(String(item.class_name)) &&
      Array.isArray(item.inbound_nodes) &&
      (item.inbound_nodes as readonly Json[]).some(isObject),
  );
  return isCounted && output.use > 0 ? { ...output, use: output.use - 1 } : output;
}

export function malformed(from: string, why: string): StepError {
  return new StepError(`${from} holds no Keras layers model: ${why}`);
}

function readLayer(item: Json, from: string, depth: number): WrittenLayer {
  if (!isObject(item) || typeof item.class_name !== "string") throw malformed(from, "a layer has no class");
  const { class_name: className } = item;
  // An old Sequential has its layers as its configuration.
  const config = isObject(item.config) ? item.config : {};
  const name = item.name ?? config.name;
  if (typeof name !== "string" || name === "")
    throw malformed(from, `a ${clean(className)} layer has no name`);
  const registered = typeof item.registered_name === "string" ? item.registered_name : "";
  return {
    name,
    className,
    // "My>Conv2D" is somebody's own class, whatever it is called.
    module: registered.includes(">") ? registered : typeof item.module === "string" ? item.module : "",
    config,
    calls: readCalls(item.inbound_nodes, name, from),
    ...(modelClasses.has(className) ? { model: readModel(item, from, depth + 1) } : {}),
  };
}

/** A sequential model: every layer takes from the one before. Its input layer may not be written down. */
function chained(written: readonly WrittenLayer[]): Pick<WrittenModel, "layers" | "inputs" | "outputs"> {
  const [head] = written;
  const input: WrittenLayer = {
    name: freeName("input", written),
    className: INPUT,
    module: "",
    config: head === undefined ? {} : shapeConfig(head),
    calls: [],
  };
  const all = head?.className === INPUT ? written : [input, ...written];
  const layers = all.map((layer, at): WrittenLayer => {
    const before = all[at - 1];
    if (before === undefined) return layer;
    return { ...layer, calls: [{ args: [{ kind: "reference", ...resultOf(before) }], named: {} }] };
  });
  const [first] = layers;
  const last = layers.at(-1);
  return {
    layers,
    inputs: first === undefined ? [] : [resultOf(first)],
    outputs: last === undefined ? [] : [resultOf(last)],
  };
}

function resultOf({ name }: WrittenLayer): Reference {
  return { layer: name, use: 0, output: 0 };
}

function freeName(word: string, layers: readonly WrittenLayer[]): string {
  const taken = new Set(layers.map(({ name }) => name));
  let name = word;
  while (taken.has(name)) name += "_";
  return name;
}

/** What a first layer says of the network's input, its own or that of the model that it is. */
function shapeConfig({ config, model }: WrittenLayer): JsonObject {
  const inner = model?.layers[0];
  const own = config.batch_input_shape ?? config.batch_shape;
  if (own === undefined && inner !== undefined) return shapeConfig(inner);
  return own === undefined ? {} : { batch_input_shape: own };
}

function inputLayers(layers: readonly WrittenLayer[]): readonly Reference[] {
  return layers.filter(({ className }) => className === INPUT).map(resultOf);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal.
const clean = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "·").slice(0, 80);
