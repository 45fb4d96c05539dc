import type { Tensor } from "../graph/graph.ts";
import { type Group, isDataset, isGroup, tensorIn, textIn } from "./h5-file.ts";
import { snakeCase } from "./snake-case.ts";
import { isModel, type Model, type Topology, type Weights } from "./topology.ts";
import { refuseForeign } from "./written-weights.ts";

/**
 * Weights as Keras 3 saves them (keras/src/saving/saving_lib.py), by place
 * instead of by name: `layers/conv2d_1/vars/0` is the first weight of the second
 * Conv2D in the order of the layers; in `layers/functional/layers/…` are those of
 * a model within the model.
 *
 * @returns by number in place of the role; undefined where the file has none of this form.
 * @throws StepError naming every layer that the network has not.
 */
export function readNumberedWeights(root: Group, topology: Topology, from: string): Weights | undefined {
  if (layersOf(root) === undefined) return undefined;
  const found = new Map<string, Record<string, Tensor>>();
  const foreign = new Map<string, Tensor[]>();

  const read = (group: Group, model: Model): void => {
    const layers = layersOf(group);
    if (layers === undefined) return;
    const places = placesOf(model);
    for (const place of layers.keys()) {
      const inner = layers.get(place);
      if (!isGroup(inner)) continue;
      const part = places.get(place);
      if (part !== undefined && isModel(part)) read(inner, part);
      else {
        const tensors = varsOf(inner, from);
        if (tensors.length === 0) continue;
        if (part === undefined) foreign.set(nameOf(inner, place), tensors);
        else found.set(part.path, Object.fromEntries(tensors.entries()));
      }
    }
  };

  read(root, topology.model);
  refuseForeign(foreign, from);
  return found;
}

/** Where the layers of a model lie; Keras 2.12 to 2.15 called it otherwise. */
function layersOf(group: Group): Group | undefined {
  for (const name of ["layers", "_layer_checkpoint_dependencies"]) {
    const layers = group.keys().includes(name) ? group.get(name) : undefined;
    if (isGroup(layers)) return layers;
  }
  return undefined;
}

/** Layers by the names of their groups: the class, and a number from the second one on. */
function placesOf({ parts }: Model): ReadonlyMap<string, Model["parts"][number]> {
  const counts = new Map<string, number>();
  return new Map(
    parts
      // Keras 3's functions are no layers.
      .filter((part) => isModel(part) || !/\.ops\b|\.activations\b/.test(part.module))
      .map((part) => {
        const word = snakeCase(part.className);
        const count = counts.get(word) ?? 0;
        counts.set(word, count + 1);
        return [count === 0 ? word : `${word}_${count}`, part];
      }),
  );
}

function varsOf(group: Group, from: string): Tensor[] {
  const vars = group.keys().includes("vars") ? group.get("vars") : undefined;
  if (!isGroup(vars)) return [];
  const tensors: Tensor[] = [];
  for (let at = 0; vars.keys().includes(String(at)); at++) {
    const data = vars.get(String(at));
    if (isDataset(data)) tensors.push(tensorIn(data, `${from}: ${vars.path}/${at}`));
  }
  return tensors;
}

/** Newer files have the layer's name beside its weights. */
function nameOf(group: Group, place: string): string {
  const vars = group.get("vars");
  return (isGroup(vars) ? textIn(vars, "name") : undefined) ?? place;
}
