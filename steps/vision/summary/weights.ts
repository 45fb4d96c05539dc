import type { NetworkSummary } from "../../../engine/machine.ts";
import { lastBeforeClassifier } from "../networks/classifier.ts";
import { findLayer } from "../networks/find-layer.ts";
import { readWeightsFile } from "../networks/h5-model.ts";
import { callsUpTo, type Topology } from "../networks/topology.ts";
import { newWeightChecks } from "../translate/weight-checks.ts";
import type { KnownUse } from "./uses.ts";

/**
 * Holds weights against a network, as an extraction does, over all its layers.
 * Above the default cut a layer may have none: a classifier that is cut off.
 *
 * @throws StepError naming what is missing, of another shape, not known or not finite.
 */
export async function compareWeights(
  file: string,
  topology: Topology,
  uses: ReadonlyMap<string, KnownUse>,
): Promise<NonNullable<NetworkSummary["weights"]>> {
  const weights = await readWeightsFile(file, topology);
  const cut = findLayer(topology, lastBeforeClassifier(topology));
  const needed = new Set(callsUpTo(topology, [cut]).map(({ layer }) => layer.path));
  const checks = newWeightChecks(weights);
  const found = new Set<string>();
  const lacking = new Set<string>();
  for (const { layer, weights: shapes, alsoCalled = {} } of uses.values()) {
    // What is not understood cannot be held against anything.
    if (shapes === undefined) continue;
    const isWeighted = Object.values(shapes).some((shape) => shape !== "unused");
    if (!needed.has(layer.path) && !weights.has(layer.path)) {
      if (isWeighted) lacking.add(layer.path);
      continue;
    }
    checks.take(layer, shapes, alsoCalled);
    if (isWeighted) found.add(layer.path);
  }
  checks.finish();
  return { file, layers: found.size, lacking: [...lacking] };
}
