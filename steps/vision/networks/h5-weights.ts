import { StepError } from "../../../engine/step-type.ts";
import type { Tensor } from "../graph/graph.ts";
import { type Group, isDataset, isGroup, namesIn, tensorIn } from "./h5-file.ts";
import { readNumberedWeights } from "./numbered-weights.ts";
import type { Topology, Weights } from "./topology.ts";
import { matchByOrder, type Names, type WeightGroup } from "./weights-by-order.ts";
import { matchWeights } from "./written-weights.ts";

/**
 * Reads the weights of a network from an HDF5 file of Keras': by names, as
 * `.h5` has them (keras/src/legacy/saving/legacy_h5_format.py: the attribute
 * `layer_names` names the groups, each group's `weight_names` its data sets), by
 * order where names say nothing, or by numbers, as `.weights.h5` and `.keras` have them.
 *
 * @throws StepError where they are not there, or belong to another network.
 */
export function readH5Weights(file: Group, topology: Topology, from: string, names: Names = "own"): Weights {
  // A whole model keeps its weights one level down.
  const inner = file.get("model_weights");
  const root = isGroup(inner) ? inner : file;
  const layers = namesIn(root, "layer_names");
  if (layers === undefined) {
    const numbered = readNumberedWeights(root, topology, from);
    if (numbered === undefined) throw new StepError(`${from} holds no Keras weights: it has no layer_names`);
    return numbered;
  }
  refuseOldResnet(layers, from);
  const groups = layers.map((layer) => readGroup(root, layer, from));
  const parts = new Set(topology.model.parts.map(({ name }) => name));
  const isForeign = groups.some(({ name, tensors }) => tensors.length > 0 && !parts.has(name));
  // Of a network that flow knows the order is known too, and says more than names that Keras numbered.
  const ordered = isForeign || names === "any" ? matchByOrder(topology, groups, names) : undefined;
  if (ordered !== undefined && typeof ordered !== "string") return ordered;
  const written = groups.flatMap(({ name, weights, tensors }) =>
    rolesOf(weights).map((weight, at) => ({ name: weight, group: name, tensor: tensors[at] as Tensor })),
  );
  return matchWeights(topology, written, from, names === "any" ? ordered : undefined);
}

interface NamedGroup extends WeightGroup {
  /** Names of its weights. */
  readonly weights: readonly string[];
}

function readGroup(root: Group, layer: string, from: string): NamedGroup {
  const group = root.get(layer);
  if (!isGroup(group)) throw new StepError(`${from} names the layer ${layer} but does not hold it`);
  const weights = namesIn(group, "weight_names") ?? [];
  const tensors = weights.map((name) => {
    const data = group.get(name);
    if (!isDataset(data))
      throw new StepError(`${from} names the weight ${name} of ${layer} but does not hold it`);
    return tensorIn(data, `${from}: the weight ${name} of ${layer}`);
  });
  return { name: layer, weights, tensors };
}

/** Keras 1 called weights otherwise, `block1_conv1_W_1:0`; their order is the same. */
function rolesOf(weights: readonly string[]): readonly string[] {
  return weights.some((name) => name.includes("/")) ? weights : weights.map((_, at) => `/${at}`);
}

/** The file of that time has the same name and belongs to a graph with other layers and another epsilon. */
function refuseOldResnet(layers: readonly string[], from: string): void {
  if (!layers.includes("res2a_branch2a")) return;
  throw new StepError(
    `${from} holds ResNet-50 weights of 2015 to 2019, for a graph with other layer names and another epsilon; ` +
      "get the current file, which has layers like conv2_block1_1_conv",
  );
}
