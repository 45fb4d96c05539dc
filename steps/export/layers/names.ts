import type { Graph, Node } from "../../vision/graph/graph.ts";

/** What the layers of a network, as they are written, are called: by the id of the value that they give. */
export function namesOf({ nodes, layers }: Graph): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  let above: string | undefined;
  // What a layer is made of comes before what it gives.
  for (const node of nodes.toReversed()) {
    const { id } = node.output;
    const own = layers?.get(id);
    if (own !== undefined) above = own;
    names.set(id, own ?? (above === undefined ? ofRows(node) : `${above}_${node.operator.op}`));
  }
  return names;
}

/** Behind the last layer: how rows are made of what it gives. */
function ofRows({ operator, output }: Node): string {
  switch (operator.op) {
    case "reduce":
      return "pool";
    case "reshape":
      return "row";
    case "concat":
      return "joined";
    default:
      return `op_${output.id}`;
  }
}
