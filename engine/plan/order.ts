import type { Step } from "../document/pipeline.ts";

/** Steps after all they take inputs from; otherwise in the order of the document. The graph has no cycles. */
export function topologicalOrder(steps: readonly Step[]): readonly Step[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const placed = new Set<string>();
  const order: Step[] = [];
  for (const first of steps) {
    // Depth first, without recursion: a chain may be as long as the file.
    const path = [first];
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const next = placed.has(step.id)
        ? undefined
        : upstreamOf(step)
            .map((id) => byId.get(id))
            .find((before) => before !== undefined && !placed.has(before.id));
      if (next !== undefined) {
        path.push(next);
        continue;
      }
      path.pop();
      if (placed.has(step.id)) continue;
      placed.add(step.id);
      order.push(step);
    }
  }
  return order;
}

/** The ids of the steps whose outputs a step takes, each once. */
export function upstreamOf(step: Step): readonly string[] {
  const ids = Object.values(step.inputs).flatMap((source) => (source.kind === "output" ? [source.step] : []));
  return [...new Set(ids)];
}

/** A step and everything it needs. */
export function ancestry(steps: readonly Step[], id: string): ReadonlySet<string> {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const found = new Set<string>();
  const queue = [id];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    const step = byId.get(next);
    if (step) queue.push(...upstreamOf(step));
  }
  return found;
}
