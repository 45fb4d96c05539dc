import { isObject, type Json, type JsonObject } from "../../../engine/json.ts";
import { addTo } from "../../../engine/lists.ts";
import { StepError } from "../../../engine/step-type.ts";
import type { Reference, WrittenArgument, WrittenCall } from "./read-calls.ts";
import { malformed, readModel, type WrittenLayer, type WrittenModel } from "./read-model.ts";
import {
  type Argument,
  type Call,
  type Dialect,
  INPUT,
  type Layer,
  type Model,
  type Topology,
} from "./topology.ts";

/**
 * Reads Keras' serialized topology: the `modelTopology` of a TensorFlow.js
 * layers model, or a Keras 2 or 3 model configuration, functional or sequential.
 *
 * @param version of Keras, where the file says it elsewhere.
 * @throws StepError where it is no such topology.
 */
export function readTopology(json: Json | undefined, from: string, version?: string): Topology {
  const top = isObject(json) && isObject(json.model_config) ? json.model_config : json;
  if (!isObject(top)) throw malformed(from, "it has no model class");
  const written = isObject(json) ? (json.keras_version ?? top.keras_version) : undefined;
  const model = readModel(top, from);
  return assemble(model, dialectOf(version ?? written, top), from);
}

function dialectOf(version: Json | undefined, top: JsonObject): Dialect {
  if (typeof version === "string") {
    if (version.startsWith("tfjs")) return "tfjs";
    return Number.parseInt(version, 10) >= 3 ? "keras3" : "keras2";
  }
  // Keras 2 writes its version beside every configuration; a policy instead of a word is Keras 3's.
  return JSON.stringify(top).includes('"DTypePolicy"') ? "keras3" : "keras2";
}

/** More uses of layers than any network has: models within models can multiply. */
const MOST_USES = 50_000;

/** Takes the models within a network apart, and puts the uses of layers in order. */
export function assemble(written: WrittenModel, dialect: Dialect, from: string): Topology {
  const { model, parts } = placeParts(written);
  const calls: Call[] = [];
  const ids = new Set<string>();
  const results = new Map<string, string[]>();
  let uses = 0;
  const count = (): void => {
    if (++uses > MOST_USES) throw malformed(from, `it uses layers more than ${MOST_USES} times`);
  };

  const add = (layer: Layer, args: Resolved): string => {
    count();
    const before = results.get(layer.path)?.length ?? 0;
    const id = unique(before === 0 ? layer.path : `${layer.path}:${before + 1}`, ids);
    calls.push({ id, layer, ...args });
    addTo(results, layer.path, id);
    return id;
  };

  /** @param given what the model's inputs are, in their order; of the outermost there is none. */
  const use = (inner: WrittenModel, given: readonly string[] | undefined): readonly string[] => {
    const values = new Map<string, readonly string[]>();
    const lookUp = ({ layer, use: index, output }: Reference): string => {
      const found = values.get(keyOf(layer, index))?.[output];
      if (found === undefined)
        throw malformed(from, `there is no output ${output} of use ${index} of layer ${layer}`);
      return found;
    };
    for (const { layer, call, index } of inOrder(inner, from)) {
      const part = parts.get(layer) as Layer | Model;
      const args = {
        args: call.args.map((argument) => resolve(argument, lookUp)),
        named: Object.fromEntries(
          Object.entries(call.named).map(([name, argument]) => [name, resolve(argument, lookUp)]),
        ),
      };
      const outputs = ((): readonly string[] => {
        if (layer.model !== undefined) {
          refuseNamed(args, part.path, from);
          count();
          const inside = use(layer.model, args.args.flatMap(idsIn));
          for (const id of inside) addTo(results, part.path, id);
          return inside;
        }
        if (layer.className !== INPUT || given === undefined) return [add(part as Layer, args)];
        const value = given[inner.inputs.findIndex((input) => input.layer === layer.name)];
        if (value === undefined)
          throw malformed(from, `the model ${inner.name} is given ${given.length} inputs`);
        addTo(results, part.path, value);
        return [value];
      })();
      values.set(keyOf(layer.name, index), outputs);
    }
    return inner.outputs.map(lookUp);
  };

  const outputs = use(written, undefined);
  return { name: written.name, dialect, calls, outputs, results, model };
}

type Resolved = Pick<Call, "args" | "named">;

interface Placed {
  readonly model: Model;
  readonly parts: ReadonlyMap<WrittenLayer, Layer | Model>;
}

/** Gives every layer and inner model a path that no other has. A layer whose own name has a slash keeps it as it is. */
function placeParts(written: WrittenModel): Placed {
  const parts = new Map<WrittenLayer, Layer | Model>();
  const taken = new Set(written.layers.map(({ name }) => name));
  const place = (inner: WrittenModel, name: string, path: string): Model => ({
    name,
    path,
    className: inner.className,
    parts: inner.layers.map((layer) => {
      const own = path === "" ? layer.name : unique(`${path}/${layer.name}`, taken);
      const { className, module, config } = layer;
      const part =
        layer.model === undefined
          ? { name: layer.name, path: own, className, module, config }
          : place(layer.model, layer.name, own);
      parts.set(layer, part);
      return part;
    }),
  });
  return { model: place(written, written.name, ""), parts };
}

function unique(word: string, taken: Set<string>): string {
  let free = word;
  while (taken.has(free)) free += "'";
  taken.add(free);
  return free;
}

interface Use {
  readonly layer: WrittenLayer;
  readonly call: WrittenCall;
  /** As other layers refer to it. */
  readonly index: number;
}

/** The uses of a model's layers, each after all it takes from; else in the order of the file. */
function inOrder(model: WrittenModel, from: string): readonly Use[] {
  const uses = usesOf(model);
  const waiting = new Map<Use, number>();
  const takers = new Map<string, Use[]>();
  for (const use of uses) {
    const needs = new Set(
      [...use.call.args, ...Object.values(use.call.named)].flatMap(referencesIn).map(keyOfReference),
    );
    waiting.set(use, needs.size);
    for (const need of needs) addTo(takers, need, use);
  }
  const order = uses.filter((use) => waiting.get(use) === 0);
  for (let at = 0; at < order.length; at++) {
    const { layer, index } = order[at] as Use;
    for (const taker of takers.get(keyOf(layer.name, index)) ?? []) {
      const left = (waiting.get(taker) as number) - 1;
      waiting.set(taker, left);
      if (left === 0) order.push(taker);
    }
  }
  const stuck = uses.find((use) => waiting.get(use) !== 0);
  if (stuck !== undefined) {
    throw malformed(
      from,
      `layer ${stuck.layer.name} takes from a layer that is not there or comes from itself`,
    );
  }
  return order;
}

function usesOf(model: WrittenModel): readonly Use[] {
  const highest = new Map<string, number>();
  const references = model.layers.flatMap(({ calls }) =>
    calls.flatMap(({ args, named }) => [...args, ...Object.values(named)].flatMap(referencesIn)),
  );
  for (const { layer, use } of [...references, ...model.outputs]) {
    highest.set(layer, Math.max(use, highest.get(layer) ?? 0));
  }
  return model.layers.flatMap((layer) => {
    if (layer.className === INPUT) return [{ layer, call: { args: [], named: {} }, index: 0 }];
    // Keras 2 counts a model's making as its first use.
    const skipped = layer.model !== undefined && (highest.get(layer.name) ?? 0) >= layer.calls.length ? 1 : 0;
    return layer.calls.map((call, index) => ({ layer, call, index: index + skipped }));
  });
}

function keyOf(layer: string, use: number): string {
  return `${use} ${layer}`;
}

function keyOfReference({ layer, use }: Reference): string {
  return keyOf(layer, use);
}

function referencesIn(argument: WrittenArgument): readonly Reference[] {
  if (argument.kind === "reference") return [argument];
  return argument.kind === "list" ? argument.items.flatMap(referencesIn) : [];
}

function resolve(argument: WrittenArgument, lookUp: (reference: Reference) => string): Argument {
  switch (argument.kind) {
    case "reference":
      return { kind: "value", id: lookUp(argument) };
    case "list":
      return { kind: "list", items: argument.items.map((item) => resolve(item, lookUp)) };
    default:
      return argument;
  }
}

function idsIn(argument: Argument): readonly string[] {
  if (argument.kind === "value") return [argument.id];
  return argument.kind === "list" ? argument.items.flatMap(idsIn) : [];
}

/** A model that is always in training mode, or told anything else by name, computes something else. */
function refuseNamed({ named }: Resolved, path: string, from: string): void {
  for (const [name, argument] of Object.entries(named)) {
    const json = argument.kind === "plain" ? argument.json : undefined;
    if (isNothing(json) || (name === "training" && json === false)) continue;
    const value = json === undefined ? "" : `=${JSON.stringify(json)}`;
    throw new StepError(`${from}: the model ${path} is called with ${name}${value}, which is not supported`);
  }
}

/** Nothing, or a list of it: what Keras 3 writes for the masks of several values. */
function isNothing(json: Json | undefined): boolean {
  return json === null || (Array.isArray(json) && (json as readonly Json[]).every(isNothing));
}
