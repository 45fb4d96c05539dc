import type { Attribute, GraphNode, GraphTensor } from "../../compute/onnx/graph.ts";

/** Collects nodes and constants, and gives every value a name. */
export interface Builder {
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly GraphTensor[];
  /** Appends a node with one output; returns the output's name. */
  node(op: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>): string;
  floats(dims: readonly number[], data: Float32Array): string;
  /** A list of whole numbers: a shape, or pads. */
  integers(values: readonly number[]): string;
}

/** @param prefix of all names. */
export function newBuilder(prefix = ""): Builder {
  const nodes: GraphNode[] = [];
  const initializers: GraphTensor[] = [];
  let serial = 0;
  const name = (word: string): string => `${prefix}${word}_${serial++}`;
  return {
    nodes,
    initializers,
    node(op, inputs, attributes = {}) {
      const output = name(op);
      nodes.push({ op, inputs, outputs: [output], attributes });
      return output;
    },
    floats(dims, data) {
      const tensor = { name: name("floats"), type: "float32", dims, data } as const;
      initializers.push(tensor);
      return tensor.name;
    },
    integers(values) {
      const data = BigInt64Array.from(values, BigInt);
      const tensor = { name: name("integers"), type: "int64", dims: [values.length], data } as const;
      initializers.push(tensor);
      return tensor.name;
    },
  };
}

/** All nodes, constants among them, for a model of another: initializers had to be inputs too, once. */
export function nodesOf({ nodes, initializers }: Builder): readonly GraphNode[] {
  const constants = initializers.map((tensor) => ({
    op: "Constant",
    inputs: [],
    outputs: [tensor.name],
    attributes: { value: { tensor } },
  }));
  return [...constants, ...nodes];
}
