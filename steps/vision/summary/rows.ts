import type { LayerSummary, NetworkSummary } from "../../../engine/machine.ts";
import { lengthOf } from "../graph/graph.ts";
import { lastBeforeClassifier } from "../networks/classifier.ts";
import { findLayer } from "../networks/find-layer.ts";
import { isModel, type Layer, layersIn, type Model, type Topology } from "../networks/topology.ts";
import type { KnownUse } from "./uses.ts";

type Uses = ReadonlyMap<string, KnownUse>;

/** All that a network can be cut at, in the order of the file, a model before the layers in it. */
export function rowsOf(topology: Topology, uses: Uses): readonly LayerSummary[] {
  const cut = findLayer(topology, lastBeforeClassifier(topology));
  const rows = (part: Layer | Model): readonly LayerSummary[] => {
    const ids = topology.results.get(part.path) ?? [];
    const parameters = sumOf(layersIn(part).map((layer) => parametersOf(topology, uses, layer)));
    const own = (ids.length === 0 ? [undefined] : ids).map((id, at): LayerSummary => {
      const use = id === undefined ? undefined : uses.get(id);
      const counted = at === 0 ? parameters : 0;
      // A model, or an input within one, gives what another layer makes.
      const isMaker = use?.layer.path === part.path;
      return {
        name: ids.length > 1 ? `${part.path}:${at + 1}` : part.path,
        type: part.className,
        ...(use?.shape === undefined ? {} : { shape: use.shape }),
        ...(counted === undefined ? {} : { parameters: counted }),
        isDefault: isMaker && id === cut,
        ...(isMaker && use.lack !== undefined ? { lack: use.lack } : {}),
        ...(id === undefined ? { lack: `layer ${part.path} (${part.className}) is not used` } : {}),
      };
    });
    return isModel(part) ? [...own, ...part.parts.flatMap(rows)] : own;
  };
  return topology.model.parts.flatMap(rows);
}

/** As Keras counts: what is not trained are statistics, and layers that are frozen. */
export function totalsOf(topology: Topology, uses: Uses): NetworkSummary["parameters"] {
  const totals = { total: 0, trainable: 0, nonTrainable: 0, isWhole: true };
  for (const layer of layersIn(topology.model)) {
    const sizes = sizesOf(topology, uses, layer);
    if (sizes === undefined) totals.isWhole = false;
    for (const [role, size] of sizes ?? []) {
      const isTrained = layer.config.trainable !== false && !statistics.has(role);
      totals.total += size;
      totals[isTrained ? "trainable" : "nonTrainable"] += size;
    }
  }
  return totals;
}

const statistics: ReadonlySet<string> = new Set([
  "moving_mean",
  "moving_variance",
  "mean",
  "variance",
  "count",
]);

function parametersOf(topology: Topology, uses: Uses, layer: Layer): number | undefined {
  const sizes = sizesOf(topology, uses, layer);
  return sizes && sumOf(sizes.map(([, size]) => size));
}

/** The number of values of each weight by its role; nothing where they are not known. */
function sizesOf(topology: Topology, uses: Uses, layer: Layer): readonly [string, number][] | undefined {
  const made = (topology.results.get(layer.path) ?? []).map((id) => uses.get(id));
  const use = made.find((one) => one?.layer === layer && one.weights !== undefined);
  // An input within a model is what the model is given.
  if (made.length > 0 && made.every((one) => one?.layer !== layer)) return [];
  if (use?.weights === undefined) return undefined;
  // One that has no effect is a count.
  return Object.entries(use.weights).map(([role, shape]) => [role, shape === "unused" ? 1 : lengthOf(shape)]);
}

function sumOf(numbers: readonly (number | undefined)[]): number | undefined {
  return numbers.reduce((sum, one) => (sum === undefined || one === undefined ? undefined : sum + one), 0);
}
