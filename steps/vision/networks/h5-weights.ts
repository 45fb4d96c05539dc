import { StepError } from "../../../engine/step-type.ts";
import { type Group, isDataset, isGroup, namesIn, tensorIn } from "./h5-file.ts";
import { readNumberedWeights } from "./numbered-weights.ts";
import type { Topology, Weights } from "./topology.ts";
import { matchWeights, type WrittenWeight } from "./written-weights.ts";

/**
 * Reads the weights of a network from an HDF5 file of Keras': by names, as
 * `.h5` has them (keras/src/legacy/saving/legacy_h5_format.py: the attribute
 * `layer_names` names the groups, each group's `weight_names` its data sets), or
 * by numbers, as `.weights.h5` and `.keras` have them.
 *
 * @throws StepError where they are not there, or belong to another network.
 */
export function readH5Weights(file: Group, topology: Topology, from: string): Weights {
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
  const written = layers.flatMap((layer): WrittenWeight[] => {
    const group = root.get(layer);
    if (!isGroup(group)) throw new StepError(`${from} names the layer ${layer} but does not hold it`);
    return (namesIn(group, "weight_names") ?? []).map((name) => {
      const data = group.get(name);
      if (!isDataset(data))
        throw new StepError(`${from} names the weight ${name} of ${layer} but does not hold it`);
      return { name, group: layer, tensor: tensorIn(data, `${from}: the weight ${name} of ${layer}`) };
    });
  });
  return matchWeights(topology, written, from);
}

/** The file of that time has the same name and belongs to a graph with other layers and another epsilon. */
function refuseOldResnet(layers: readonly string[], from: string): void {
  if (!layers.includes("res2a_branch2a")) return;
  throw new StepError(
    `${from} holds ResNet-50 weights of 2015 to 2019, for a graph with other layer names and another epsilon; ` +
      "get the current file, which has layers like conv2_block1_1_conv",
  );
}
