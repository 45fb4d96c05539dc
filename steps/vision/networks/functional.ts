import type { JsonObject } from "../../../engine/json.ts";
import type { Reference } from "./read-calls.ts";
import { assemble } from "./read-topology.ts";
import { INPUT, type Topology } from "./topology.ts";

/** A layer of a network that flow knows by name. */
export interface NamedLayer {
  readonly name: string;
  readonly className: string;
  /** As Keras 3 serializes it. */
  readonly config: JsonObject;
  /** Names of the layers whose outputs it takes, in order. */
  readonly inbound: readonly string[];
}

/** A network written down as a list of layers; the last one is its output. */
export function functional(name: string, layers: readonly NamedLayer[]): Topology {
  const last = layers.at(-1);
  const inputs = layers.filter(({ className }) => className === INPUT);
  const written = {
    name,
    className: "Functional",
    layers: layers.map(({ inbound, ...layer }) => {
      const items = inbound.map((from) => ({ kind: "reference" as const, ...resultOf(from) }));
      return { ...layer, module: "", calls: [{ args: [{ kind: "list" as const, items }], named: {} }] };
    }),
    inputs: inputs.map((layer) => resultOf(layer.name)),
    outputs: last === undefined ? [] : [resultOf(last.name)],
  };
  return assemble(written, "keras3", name);
}

function resultOf(layer: string): Reference {
  return { layer, use: 0, output: 0 };
}
