import type { NamedLayer } from "../functional.ts";

/**
 * Layers as `model.layers` has them, which is how files without names number
 * their weights: the farthest from the end first; of equal ones, those that are
 * met first on the way back from the output (keras/src/ops/function.py, map_graph).
 *
 * @param layers the last one is the output, and all others lead to it.
 */
export function inKerasOrder(layers: readonly NamedLayer[]): readonly NamedLayer[] {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const met = new Map<NamedLayer, number>();
  const finished: NamedLayer[] = [];
  const takenBy = ({ inbound }: NamedLayer): readonly NamedLayer[] =>
    inbound.flatMap((from) => byName.get(String(from)) ?? []);

  const visit = (layer: NamedLayer): void => {
    if (met.has(layer)) return;
    met.set(layer, met.size);
    for (const from of takenBy(layer)) visit(from);
    finished.push(layer);
  };
  visit(layers.at(-1) as NamedLayer);

  const depths = new Map<NamedLayer, number>();
  for (const layer of finished.reverse()) {
    const depth = depths.get(layer) ?? 0;
    depths.set(layer, depth);
    for (const from of takenBy(layer)) depths.set(from, Math.max(depth + 1, depths.get(from) ?? 0));
  }
  const at = (order: ReadonlyMap<NamedLayer, number>, layer: NamedLayer): number =>
    order.get(layer) as number;
  return [...finished].sort((a, b) => at(depths, b) - at(depths, a) || at(met, a) - at(met, b));
}
