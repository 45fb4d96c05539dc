import { elementTypes } from "./element-types.ts";
import { encodeMessage, type ProtobufWriter } from "./protobuf.ts";

/** A graph in ONNX' vocabulary (onnx.ai/onnx/operators, operator set 17), as plain data. */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly GraphTensor[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly metadata?: Metadata;
}

/** Words for programs and people that read a model. */
export type Metadata = Readonly<Record<string, string>>;

export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly tensor: GraphTensor }
  | { readonly string: string };

/** A constant: float32, or int64 for shapes. */
export type GraphTensor = { readonly name: string; readonly dims: readonly number[] } & (
  | { readonly type: "float32"; readonly data: Float32Array }
  | { readonly type: "int64"; readonly data: BigInt64Array }
);

export interface ValueInfo {
  readonly name: string;
  /** Absent: as the operators give it. */
  readonly type?: "float32" | "uint8";
  /** A name stands for a size that is not fixed. */
  readonly dims: readonly (number | string)[];
}

// Field numbers and enumerations of onnx.proto3 (github.com/onnx/onnx).
const IR_VERSION = 8;
const OPERATOR_SET = 17;
const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, ints: 7 } as const;

/** The graph as the bytes of an ONNX model file. */
export function encodeGraph(graph: Graph): Uint8Array {
  return encodeMessage((model) => {
    model.int(1, IR_VERSION);
    model.string(2, "flow");
    model.message(7, (message) => writeGraph(message, graph));
    model.message(8, (operatorSet) => {
      operatorSet.string(1, "");
      operatorSet.int(2, OPERATOR_SET);
    });
    if (graph.metadata !== undefined) writeMetadata(model, graph.metadata);
  });
}

/** What a model says of itself, as fields of the model. */
export function writeMetadata(model: ProtobufWriter, metadata: Metadata): void {
  for (const [key, value] of Object.entries(metadata)) {
    model.message(14, (entry) => {
      entry.string(1, key);
      entry.string(2, value);
    });
  }
}

function writeGraph(message: ProtobufWriter, { name, nodes, initializers, inputs, outputs }: Graph): void {
  for (const node of nodes) writeNode(message, node);
  message.string(2, name);
  for (const tensor of initializers) message.message(5, (child) => writeTensor(child, tensor));
  for (const value of inputs) writeValue(message, 11, value);
  for (const value of outputs) writeValue(message, 12, value);
}

/** A node, as a field of a graph. */
export function writeNode(graph: ProtobufWriter, { op, inputs, outputs, attributes = {} }: GraphNode): void {
  graph.message(1, (message) => {
    for (const input of inputs) message.string(1, input);
    for (const output of outputs) message.string(2, output);
    // A node's name shows up in the runtime's messages.
    message.string(3, outputs[0] ?? op);
    message.string(4, op);
    for (const [name, value] of Object.entries(attributes)) {
      message.message(5, (child) => writeAttribute(child, name, value));
    }
  });
}

function writeAttribute(message: ProtobufWriter, name: string, value: Attribute): void {
  message.string(1, name);
  if ("float" in value) {
    message.float(2, value.float);
    message.int(20, attributeTypes.float);
  } else if ("int" in value) {
    message.int(3, value.int);
    message.int(20, attributeTypes.int);
  } else if ("string" in value) {
    message.string(4, value.string);
    message.int(20, attributeTypes.string);
  } else if ("tensor" in value) {
    message.message(5, (child) => writeTensor(child, value.tensor));
    message.int(20, attributeTypes.tensor);
  } else {
    for (const int of value.ints) message.int(8, int);
    message.int(20, attributeTypes.ints);
  }
}

function writeTensor(message: ProtobufWriter, { name, type, dims, data }: GraphTensor): void {
  for (const dim of dims) message.int(1, dim);
  message.int(2, elementTypes[type]);
  message.string(8, name);
  message.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** An input (field 11) or an output (12) of a graph. */
export function writeValue(graph: ProtobufWriter, field: 11 | 12, { name, type, dims }: ValueInfo): void {
  graph.message(field, (message) => {
    message.string(1, name);
    if (type === undefined) return;
    message.message(2, (typeMessage) =>
      typeMessage.message(1, (tensor) => {
        tensor.int(1, elementTypes[type]);
        tensor.message(2, (shape) => {
          for (const dim of dims) writeDim(shape, dim);
        });
      }),
    );
  });
}

function writeDim(shape: ProtobufWriter, dim: number | string): void {
  shape.message(1, (size) => {
    if (typeof dim === "number") size.int(1, dim);
    else size.string(2, dim);
  });
}
