import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { elementTypes } from "../../steps/compute/onnx/element-types.ts";
import { type GraphNode, writeNode } from "../../steps/compute/onnx/graph.ts";
import { encodeMessage, type ProtobufWriter } from "../../steps/compute/onnx/protobuf.ts";

/** An ONNX model as a test says it, valid or not. */
export interface TestModel {
  readonly inputs?: readonly TestValue[];
  readonly outputs?: readonly TestValue[];
  readonly values?: readonly TestValue[];
  readonly nodes?: readonly (GraphNode & { readonly domain?: string })[];
  readonly weights?: readonly TestWeight[];
  /** Nodes before all others. */
  readonly constants?: readonly TestWeight[];
  /** Versions by domain. */
  readonly operatorSets?: Readonly<Record<string, number>>;
}

interface TestValue {
  readonly name: string;
  readonly type?: keyof typeof elementTypes;
  readonly dims?: readonly (number | string)[];
}

interface TestWeight {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data?: Float32Array | BigInt64Array;
  /** In place of data: entries of `external_data`. */
  readonly external?: Readonly<Record<string, string>>;
}

/** Writes a model into a new folder; what is not said is a picture of 4 × 5, NCHW, through a Relu. */
export function writeOnnx(model: TestModel = {}, name = "net.onnx"): string {
  return writtenAs(name, encodeOnnx(model));
}

export function writtenAs(name: string, bytes: Uint8Array): string {
  const file = join(mkdtempSync(join(tmpdir(), "flow-onnx-")), name);
  writeFileSync(file, bytes);
  return file;
}

export const picture: TestValue = { name: "picture", dims: ["N", 3, 4, 5] };
export const relu: GraphNode = { op: "Relu", inputs: ["picture"], outputs: ["y"] };

export function encodeOnnx({
  inputs = [picture],
  outputs = [{ name: "y", dims: ["N", 3, 4, 5] }],
  values = [],
  nodes = [relu],
  weights = [],
  constants = [],
  operatorSets = { "": 17 },
}: TestModel): Uint8Array {
  return encodeMessage((model) => {
    model.int(1, 8);
    model.message(7, (graph) => {
      for (const constant of constants) graph.message(1, (message) => writeConstant(message, constant));
      for (const node of nodes) writeTestNode(graph, node);
      graph.string(2, "net");
      for (const weight of weights) graph.message(5, (message) => writeWeight(message, weight));
      for (const value of inputs) graph.message(11, (message) => writeTestValue(message, value));
      for (const value of outputs) graph.message(12, (message) => writeTestValue(message, value));
      for (const value of values) graph.message(13, (message) => writeTestValue(message, value));
    });
    for (const [domain, version] of Object.entries(operatorSets)) {
      model.message(8, (operatorSet) => {
        operatorSet.string(1, domain);
        operatorSet.int(2, version);
      });
    }
  });
}

function writeTestNode(graph: ProtobufWriter, node: GraphNode & { readonly domain?: string }): void {
  const { domain } = node;
  if (domain === undefined) {
    writeNode(graph, node);
    return;
  }
  graph.message(1, (message) => {
    for (const input of node.inputs) message.string(1, input);
    for (const output of node.outputs) message.string(2, output);
    message.string(4, node.op);
    message.string(7, domain);
  });
}

function writeConstant(node: ProtobufWriter, constant: TestWeight): void {
  node.string(2, constant.name);
  node.string(4, "Constant");
  node.message(5, (attribute) => {
    attribute.string(1, "value");
    attribute.message(5, (message) => writeWeight(message, constant));
    attribute.int(20, 4);
  });
}

function writeWeight(message: ProtobufWriter, { name, dims, data, external }: TestWeight): void {
  for (const dim of dims) message.int(1, dim);
  message.int(2, data instanceof BigInt64Array ? elementTypes.int64 : elementTypes.float32);
  message.string(8, name);
  if (data !== undefined) message.bytes(9, new Uint8Array(data.buffer));
  for (const [key, value] of Object.entries(external ?? {})) {
    message.message(13, (entry) => {
      entry.string(1, key);
      entry.string(2, value);
    });
  }
  if (external !== undefined) message.int(14, 1);
}

function writeTestValue(message: ProtobufWriter, { name, type = "float32", dims }: TestValue): void {
  message.string(1, name);
  message.message(2, (kind) =>
    kind.message(1, (tensor) => {
      tensor.int(1, elementTypes[type]);
      if (dims === undefined) return;
      tensor.message(2, (shape) => {
        for (const dim of dims) {
          shape.message(1, (size) => {
            if (typeof dim === "number") size.int(1, dim);
            else size.string(2, dim);
          });
        }
      });
    }),
  );
}
