import type { JsonObject } from "../../../engine/json.ts";
import type { Reference, WrittenArgument } from "./read-calls.ts";
import { assemble } from "./read-topology.ts";
import { INPUT, type Topology } from "./topology.ts";

/** A layer of a network that flow knows by name. */
export interface NamedLayer {
  readonly name: string;
  readonly className: string;
  /** As Keras 3 serializes it. */
  readonly config: JsonObject;
  /** Names of the layers whose outputs it takes, in order; a number makes it a function, `x + 3`. */
  readonly inbound: readonly (string | number)[];
}

/** A network written down as a list of layers; the last one is its output. */
export function functional(name: string, layers: readonly NamedLayer[]): Topology {
  const last = layers.at(-1);
  const inputs = layers.filter(({ className }) => className === INPUT);
  const written = {
    name,
    className: "Functional",
    layers: layers.map(({ inbound, ...layer }) => {
      const items = inbound.map(argumentOf);
      return inbound.some((from) => typeof from === "number")
        ? { ...layer, module: "keras.ops", calls: [{ args: items, named: {} }] }
        : { ...layer, module: "", calls: [{ args: [{ kind: "list" as const, items }], named: {} }] };
    }),
    inputs: inputs.map((layer) => resultOf(layer.name)),
    outputs: last === undefined ? [] : [resultOf(last.name)],
  };
  return assemble(written, "keras3", name);
}

function argumentOf(from: string | number): WrittenArgument {
  return typeof from === "number"
    ? { kind: "constant", tensor: { shape: [], data: Float32Array.of(from) } }
    : { kind: "reference", ...resultOf(from) };
}

function resultOf(layer: string): Reference {
  return { layer, use: 0, output: 0 };
}
