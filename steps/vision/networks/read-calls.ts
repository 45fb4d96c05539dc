import { isObject, type Json, type JsonObject } from "../../../engine/json.ts";
import { StepError } from "../../../engine/step-type.ts";
import type { Tensor } from "../graph/graph.ts";
import { tensorOf } from "../layers/arrays.ts";

/** A tensor that a layer gives: which layer of the same model, its how manieth use, which of its outputs. */
export interface Reference {
  readonly layer: string;
  readonly use: number;
  readonly output: number;
}

export type WrittenArgument =
  | ({ readonly kind: "reference" } & Reference)
  | { readonly kind: "constant"; readonly tensor: Tensor }
  | { readonly kind: "list"; readonly items: readonly WrittenArgument[] }
  | { readonly kind: "plain"; readonly json: Json };

export interface WrittenCall {
  readonly args: readonly WrittenArgument[];
  readonly named: Readonly<Record<string, WrittenArgument>>;
}

/**
 * The uses of a layer, `inbound_nodes`. Keras 2: [[["conv1", 0, 0, {…}], …], …],
 * a function's without the inner brackets; Keras 3: { args, kwargs } with
 * tensors that have a `keras_history`.
 *
 * @throws StepError where they cannot be read.
 */
export function readCalls(nodes: Json | undefined, layer: string, from: string): readonly WrittenCall[] {
  if (nodes === undefined || nodes === null) return [];
  const unreadable = new StepError(
    `${from} holds no Keras layers model: the inputs of layer ${layer} cannot be read`,
  );
  if (!Array.isArray(nodes)) throw unreadable;
  return (nodes as readonly Json[]).map((node) => {
    const call = isObject(node)
      ? readNode3(node)
      : Array.isArray(node)
        ? readNode2(node as readonly Json[])
        : undefined;
    if (call === undefined) throw unreadable;
    return call;
  });
}

/** `input_layers` and `output_layers`: one tensor, or a list of them. */
export function readReferences(json: Json | undefined, from: string): readonly Reference[] | undefined {
  if (json === undefined || json === null) return undefined;
  const one = referenceOf(json);
  if (one !== undefined) return [one];
  const items = isObject(json) ? Object.values(json) : json;
  const many = Array.isArray(items) ? (items as readonly Json[]).map(referenceOf) : [undefined];
  if (many.every((item) => item !== undefined)) return many as readonly Reference[];
  throw new StepError(`${from} holds no Keras layers model: its inputs or outputs cannot be read`);
}

function readNode3({ args, kwargs }: JsonObject): WrittenCall | undefined {
  if (!Array.isArray(args)) return undefined;
  const named = isObject(kwargs) ? kwargs : {};
  return {
    args: (args as readonly Json[]).map(argument3),
    named: Object.fromEntries(Object.entries(named).map(([name, value]) => [name, argument3(value)])),
  };
}

function argument3(json: Json): WrittenArgument {
  if (isObject(json) && json.class_name === "__keras_tensor__" && isObject(json.config)) {
    const reference = referenceOf(json.config.keras_history ?? null);
    if (reference !== undefined) return { kind: "reference", ...reference };
  }
  if (Array.isArray(json) && JSON.stringify(json).includes("__keras_tensor__")) {
    return { kind: "list", items: (json as readonly Json[]).map(argument3) };
  }
  return constantOr(json);
}

function readNode2(node: readonly Json[]): WrittenCall | undefined {
  // A function's node, and in old files the only input, stands without its own brackets.
  const isBare = typeof node[0] === "string";
  const tensors = isBare ? [node] : node;
  const args = tensors.map((tensor) =>
    Array.isArray(tensor) ? argument2(tensor as readonly Json[]) : undefined,
  );
  if (args.some((arg) => arg === undefined)) return undefined;
  const [first] = tensors;
  const settings = Array.isArray(first) ? (first as readonly Json[])[3] : undefined;
  return {
    args:
      isBare || args.length === 1
        ? (args as WrittenArgument[])
        : [{ kind: "list", items: args as WrittenArgument[] }],
    named: Object.fromEntries(
      Object.entries(isObject(settings) ? settings : {}).map(([name, value]) => [name, named2(value)]),
    ),
  };
}

/** ["conv1", 0, 0, {…}], or ["_CONSTANT_VALUE", -1, 3.0, {…}]. */
function argument2(tensor: readonly Json[]): WrittenArgument | undefined {
  if (tensor[0] === "_CONSTANT_VALUE") return constantOr(tensor[2] ?? null);
  const reference = referenceOf(tensor.slice(0, 3));
  return reference === undefined ? undefined : { kind: "reference", ...reference };
}

function named2(json: Json): WrittenArgument {
  const reference = referenceOf(json);
  return reference === undefined ? constantOr(json) : { kind: "reference", ...reference };
}

function constantOr(json: Json): WrittenArgument {
  const tensor = tensorOf(json);
  return tensor === undefined ? { kind: "plain", json } : { kind: "constant", tensor };
}

function referenceOf(json: Json): Reference | undefined {
  if (!Array.isArray(json) || json.length !== 3) return undefined;
  const [layer, use, output] = json as readonly Json[];
  const isIndex = (value: Json | undefined): value is number =>
    Number.isSafeInteger(value) && (value as number) >= 0;
  return typeof layer === "string" && isIndex(use) && isIndex(output) ? { layer, use, output } : undefined;
}
