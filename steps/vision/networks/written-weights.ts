import { addTo } from "../../../engine/lists.ts";
import { StepError } from "../../../engine/step-type.ts";
import { some } from "../../../engine/wording.ts";
import type { Tensor } from "../graph/graph.ts";
import { isModel, type Layer, layersIn, type Model, type Topology, type Weights } from "./topology.ts";

/** A weight as a file names it. */
export interface WrittenWeight {
  /** `conv1/kernel`, `base/conv1/kernel:0`: what is before the last slash names a layer. */
  readonly name: string;
  /** The layer or model of the outermost model that it lies in, where the file says it. */
  readonly group?: string;
  readonly tensor: Tensor;
}

/**
 * Finds the layer of each weight by the topology's own names, which may hold
 * slashes: of the layers whose name a weight's name ends with before its role,
 * the one with the longest.
 *
 * @param besides what else speaks against the file.
 * @throws StepError naming every layer that the file has weights for and the
 * network has not; a classifier, dense layers on top, may be left over.
 */
export function matchWeights(
  topology: Topology,
  written: readonly WrittenWeight[],
  from: string,
  besides?: string,
): Weights {
  const found = new Map<string, Record<string, Tensor>>();
  const foreign = new Map<string, Tensor[]>();
  const finders = new Map<string | undefined, (prefix: string) => readonly Layer[]>();
  for (const { name, group, tensor } of written) {
    const { prefix, role } = splitName(name);
    let finder = finders.get(group);
    if (finder === undefined) {
      finder = finderOf(topology.model, group);
      finders.set(group, finder);
    }
    // Where two inner models have a layer of the same name, their weights follow each other.
    const candidates = finder(prefix);
    const layer = candidates.find(({ path }) => found.get(path)?.[role] === undefined);
    if (layer !== undefined) found.set(layer.path, { ...found.get(layer.path), [role]: tensor });
    else addTo(foreign, group ?? prefix, tensor);
  }
  refuseForeign(foreign, from, besides);
  return found;
}

/** @param foreign the weights of layers that the network has not. */
export function refuseForeign(
  foreign: ReadonlyMap<string, readonly Tensor[]>,
  from: string,
  besides?: string,
): void {
  const layers = [...foreign].filter(([, tensors]) => !isDense(tensors)).map(([name]) => name);
  if (layers.length === 0) return;
  const what = layers.length === 1 ? "a layer" : `${layers.length} layers`;
  throw new StepError(
    `${from} has weights for ${what} that the network does not have: ${some(layers, SHOWN)}; ` +
      `it belongs to another network${besides === undefined ? "" : ` (${besides})`}`,
  );
}

const SHOWN = 12;

/** A kernel from vector to vector, and a bias: a classifier that is cut off. */
export function isDense(tensors: readonly Tensor[]): boolean {
  return (
    tensors.some(({ shape }) => shape.length === 2) &&
    tensors.every(({ shape }) => shape.length === 1 || shape.length === 2) &&
    tensors.length <= 2
  );
}

function splitName(name: string): { prefix: string; role: string } {
  const plain = name.replace(/:\d+$/, "");
  const slash = plain.lastIndexOf("/");
  return { prefix: plain.slice(0, Math.max(slash, 0)), role: plain.slice(slash + 1) };
}

function finderOf(model: Model, group: string | undefined): (prefix: string) => readonly Layer[] {
  const part = group === undefined ? model : model.parts.find(({ name }) => name === group);
  if (part === undefined) return () => [];
  // The group of a layer holds nothing but its weights, whatever they are called.
  if (!isModel(part)) return () => [part];
  const byName = new Map<string, Layer[]>();
  for (const layer of layersIn(part)) addTo(byName, layer.name, layer);
  return (prefix) => {
    const words = prefix.split("/");
    for (let at = 0; at < words.length; at++) {
      const named = byName.get(words.slice(at).join("/"));
      if (named !== undefined) return nearest(named, prefix);
    }
    return [];
  };
}

/** Those that lie in the models that the name says, if it says any. */
function nearest(layers: readonly Layer[], prefix: string): readonly Layer[] {
  const inside = layers.filter(
    ({ path }) => `/${prefix}`.endsWith(`/${path}`) || path.endsWith(`/${prefix}`),
  );
  return inside.length > 0 ? inside : layers;
}
