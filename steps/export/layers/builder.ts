import type { Shape } from "../../vision/graph/graph.ts";
import { snakeCase } from "../../vision/networks/snake-case.ts";
import { INPUT } from "../../vision/networks/topology.ts";
import { inKerasOrder } from "./keras-order.ts";
import type { LayersModel, ModelLayer } from "./model-layer.ts";

/** Who reads the model. */
export type Target = "keras" | "tfjs";

type NewLayer = Pick<ModelLayer, "className" | "shape"> &
  Partial<Pick<ModelLayer, "config" | "weights" | "trainable">>;

/** Collects layers. */
export interface LayersBuilder {
  readonly target: Target;
  /** A layer over one or several others. */
  add(from: ModelLayer | readonly ModelLayer[], layer: NewLayer): ModelLayer;
  /** What `make` returns gets that name, if it is new; other layers that it makes get longer ones. */
  named(name: string, make: () => ModelLayer): ModelLayer;
  finish(output: ModelLayer): LayersModel;
}

/** @param shape of the input: float32, without the batch. */
export function newLayers(target: Target, name: string, shape: Shape): LayersBuilder & { input: ModelLayer } {
  const input: ModelLayer = {
    name,
    className: INPUT,
    config: {},
    weights: {},
    inputs: [],
    shape,
    trainable: false,
  };
  const taken = new Set([name]);
  const free = (wanted: string): string => {
    const clean = wanted.replaceAll(/[^\w-]/g, "_").replace(/^[^A-Za-z0-9]+/, "") || "layer";
    let unique = clean;
    for (let at = 1; taken.has(unique); at++) unique = `${clean}_${at}`;
    taken.add(unique);
    return unique;
  };
  const unnamed = new Set<ModelLayer & { name: string }>();
  const newLayer = (inputs: readonly ModelLayer[], layer: NewLayer): ModelLayer => {
    const added = { ...{ name: "", config: {}, weights: {}, trainable: false }, ...layer, inputs };
    unnamed.add(added);
    return added;
  };
  return {
    target,
    input,
    add(from, layer) {
      const inputs = [from].flat();
      // TensorFlow.js gives up the memory of what a layer takes twice before it has taken it.
      const apart = inputs.map((one, at) =>
        target === "tfjs" && inputs.indexOf(one) < at ? newLayer([one], copyOf(one)) : one,
      );
      return newLayer(apart, layer);
    },
    named(wanted, make) {
      const made = make();
      const isNew = unnamed.delete(made);
      if (isNew) Object.assign(made, { name: free(wanted) });
      for (const layer of unnamed) layer.name = free(`${wanted}_${snakeCase(layer.className)}`);
      unnamed.clear();
      return made;
    },
    finish: (output) => ({ layers: inKerasOrder(output), input, output }),
  };
}

function copyOf({ shape }: ModelLayer): NewLayer {
  return { className: "Rescaling", config: { scale: 1, offset: 0 }, shape };
}
