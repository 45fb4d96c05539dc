import type { Json, JsonObject } from "../../../engine/json.ts";
import type { Tensor } from "../graph/graph.ts";

/** Who wrote a network down: the same word can mean different things. */
export type Dialect = "keras2" | "keras3" | "tfjs";

/** One layer of a network, in Keras' vocabulary. */
export interface Layer {
  /** Its own name. It may hold slashes. */
  readonly name: string;
  /** With the names of the models that it lies in: `base/conv1`. No other layer has it. */
  readonly path: string;
  readonly className: string;
  /** Where the class comes from, as Keras writes it. */
  readonly module: string;
  /** As Keras serializes it: snake case, channels last. */
  readonly config: JsonObject;
}

/** A model within a network, or the network: what it consists of, in the order of the file. */
export interface Model {
  readonly name: string;
  readonly path: string;
  readonly className: string;
  readonly parts: readonly (Layer | Model)[];
}

/** One use of a layer. */
export interface Call {
  /** Of what it gives: the layer's path, or `<path>:<n>` from its second use on. */
  readonly id: string;
  readonly layer: Layer;
  readonly args: readonly Argument[];
  readonly named: Readonly<Record<string, Argument>>;
}

export type Argument =
  | { readonly kind: "value"; readonly id: string }
  | { readonly kind: "constant"; readonly tensor: Tensor }
  | { readonly kind: "list"; readonly items: readonly Argument[] }
  | { readonly kind: "plain"; readonly json: Json };

/** A network as a list of uses of layers, each after all it takes from; models within it are taken apart. */
export interface Topology {
  readonly name: string;
  readonly dialect: Dialect;
  readonly calls: readonly Call[];
  readonly outputs: readonly string[];
  readonly model: Model;
  /** What each layer or model gives, by path: an id for each use. */
  readonly results: ReadonlyMap<string, readonly string[]>;
}

export const INPUT = "InputLayer";

/** float32 values by the path of the layer and the role: kernel, bias, gamma, beta, moving_mean, moving_variance, … */
export type Weights = ReadonlyMap<string, Readonly<Record<string, Tensor>>>;

export interface WeightedTopology {
  readonly topology: Topology;
  readonly weights: Weights;
}

export function isModel(part: Layer | Model): part is Model {
  return "parts" in part;
}

/** A layer itself, and all layers in a model, in the order of the file. */
export function layersIn(part: Layer | Model): readonly Layer[] {
  return isModel(part) ? part.parts.flatMap(layersIn) : [part];
}

/** The ids of the values that a call takes. */
export function takenBy({ args, named }: Pick<Call, "args" | "named">): readonly string[] {
  return [...args, ...Object.values(named)].flatMap(valuesIn);
}

function valuesIn(argument: Argument): readonly string[] {
  switch (argument.kind) {
    case "value":
      return [argument.id];
    case "list":
      return argument.items.flatMap(valuesIn);
    case "constant":
    case "plain":
      return [];
    default:
      return argument satisfies never;
  }
}

/** The calls that values depend on, their own included, in order. */
export function callsUpTo({ calls }: Topology, ids: readonly string[]): readonly Call[] {
  const needed = new Set(ids);
  const kept: Call[] = [];
  for (const call of [...calls].reverse()) {
    if (!needed.has(call.id)) continue;
    for (const input of takenBy(call)) needed.add(input);
    kept.push(call);
  }
  return kept.reverse();
}
