import type { ModelLayer } from "./model-layer.ts";

/**
 * All layers that the output takes from, in the order that Keras gives them when
 * it reads a model, whatever order they are written in (`map_graph` in
 * keras/src/ops/function.py): by how far they are from the output, then as a
 * search from the output comes to them. Weights are found by it.
 */
export function inKerasOrder(output: ModelLayer): readonly ModelLayer[] {
  const { met, finished } = search(output);
  const depths = new Map<ModelLayer, number>();
  for (const layer of finished.toReversed()) {
    const depth = depths.get(layer) ?? 0;
    depths.set(layer, depth);
    for (const input of layer.inputs) depths.set(input, Math.max(depth + 1, depths.get(input) ?? 0));
  }
  const depthOf = (layer: ModelLayer): number => depths.get(layer) as number;
  // Sorting is stable.
  return met.toSorted((a, b) => depthOf(b) - depthOf(a));
}

interface Search {
  /** In the order in which they are met. */
  readonly met: readonly ModelLayer[];
  /** Each after all it takes from. */
  readonly finished: readonly ModelLayer[];
}

/** Depth first, without the stack: networks are deep. */
function search(output: ModelLayer): Search {
  const met = new Set([output]);
  const finished: ModelLayer[] = [];
  const open = [{ layer: output, next: 0 }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const input = top.layer.inputs[top.next++];
    if (input === undefined) {
      finished.push(top.layer);
      open.pop();
    } else if (!met.has(input)) {
      met.add(input);
      open.push({ layer: input, next: 0 });
    }
  }
  return { met: [...met], finished };
}
