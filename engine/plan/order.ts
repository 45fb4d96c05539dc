import type { Step } from "../document/pipeline.ts";

/** Steps after all they take inputs from; otherwise in the order of the document. The graph has no cycles. */
export function topologicalOrder(steps: readonly Step[]): readonly Step[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const placed = new Set<string>();
  const order: Step[] = [];
  const place = (step: Step): void => {
    if (placed.has(step.id)) return;
    placed.add(step.id);
    for (const id of upstreamOf(step)) {
      const before = byId.get(id);
      if (before) place(before);
    }
    order.push(step);
  };
  for (const step of steps) place(step);
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
