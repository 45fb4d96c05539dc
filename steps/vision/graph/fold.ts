import {
  type Convolution,
  type DepthwiseConvolution,
  type Graph,
  inputsOf,
  type Node,
  type Operator,
  type Pads,
  type Tensor,
} from "./graph.ts";

/**
 * The same graph with fewer operators: normalizations go into the weights of
 * the convolution before them, zeros around an image into the pads of what
 * takes it. No runtime is left to do this: one put −∞ where the zeros were.
 */
export function folded(graph: Graph): Graph {
  return withoutUnused(padsFolded(scalesFolded(graph)));
}

/** Where a convolution has no other consumer. */
function scalesFolded(graph: Graph): Graph {
  const consumers = countConsumers(graph);
  const nodes: Node[] = [];
  const makers = new Map<number, number>();
  for (const node of graph.nodes) {
    const { operator, output } = node;
    const at = operator.op === "scaleShift" ? makers.get(operator.input.id) : undefined;
    const maker = at === undefined ? undefined : (nodes[at] as Node).operator;
    const isConvolution = maker?.op === "conv" || maker?.op === "depthwiseConv";
    if (operator.op === "scaleShift" && isConvolution && consumers.get(operator.input.id) === 1) {
      nodes[at as number] = { operator: scaled(maker, operator), output };
      makers.set(output.id, at as number);
      continue;
    }
    makers.set(output.id, nodes.length);
    nodes.push(node);
  }
  return { ...graph, nodes };
}

type Scale = Operator & { op: "scaleShift" };

function scaled<Conv extends Convolution | DepthwiseConvolution>(conv: Conv, { scale, shift }: Scale): Conv {
  const { kernel, bias } = conv;
  // Output channels are the last axis of a kernel; of a depthwise one, the last two.
  const data = kernel.data.map((value, at) => value * (scale[at % scale.length] as number));
  const moved = Float32Array.from(
    scale,
    (factor, at) => (bias?.data[at] ?? 0) * factor + (shift[at] as number),
  );
  return {
    ...conv,
    kernel: { ...kernel, data },
    bias: { shape: [scale.length], data: moved } satisfies Tensor,
  };
}

function padsFolded(graph: Graph): Graph {
  const makers = new Map(graph.nodes.map((node) => [node.output.id, node]));
  const nodes = graph.nodes.map(({ operator, output }): Node => {
    const pad = "input" in operator ? makers.get(operator.input.id)?.operator : undefined;
    if (pad?.op !== "pad") return { operator, output };
    if (operator.op === "conv" || operator.op === "depthwiseConv") {
      const pads = sum(operator.pads, pad.pads);
      const [height = 1, width = 1] = operator.kernel.shape;
      const reach = [(height - 1) * operator.dilation[0] + 1, (width - 1) * operator.dilation[1] + 1];
      if (fits(pads, reach)) return { operator: { ...operator, input: pad.input, pads }, output };
    }
    // A zero that is padded is never larger than what is there; and some pixel lies in every window.
    if (operator.op === "pool" && operator.kind === "max" && isNeverNegative(makers, pad.input.id)) {
      const pads = sum(operator.pads, pad.pads);
      if (fits(pads, operator.window)) return { operator: { ...operator, input: pad.input, pads }, output };
    }
    return { operator, output };
  });
  return { ...graph, nodes };
}

function sum(a: Pads, b: Pads): Pads {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]];
}

function fits(pads: Pads, window: readonly number[]): boolean {
  return pads.every((pad, at) => pad < (window[at % 2] as number));
}

/** Whether the operator that makes a value gives nothing below 0. */
export function isNeverNegative(makers: ReadonlyMap<number, Node>, id: number): boolean {
  const operator = makers.get(id)?.operator;
  switch (operator?.op) {
    case "unary":
      return operator.kind === "relu" || operator.kind === "sigmoid";
    case "clip":
      return operator.least >= 0;
    default:
      return false;
  }
}

function countConsumers({ nodes, output }: Graph): ReadonlyMap<number, number> {
  const counts = new Map([[output.id, 1]]);
  for (const { operator } of nodes) {
    for (const { id } of inputsOf(operator)) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

function withoutUnused(graph: Graph): Graph {
  const used = new Set([graph.output.id]);
  const kept: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!used.has(node.output.id)) continue;
    for (const { id } of inputsOf(node.operator)) used.add(id);
    kept.push(node);
  }
  return { ...graph, nodes: kept.reverse() };
}
