import { type ModelNode, readAttribute, readNode } from "./node.ts";
import { type ModelTensor, readSparse, readTensor } from "./tensor.ts";
import { type ModelValue, readValue } from "./value.ts";
import { type ByteSource, damaged, domainOf, type Field, fieldsOf, type Range, textOf } from "./wire.ts";

/** What stands in a model file beside its numbers. Places are in that file. */
export interface Model extends ModelGraph {
  /** Versions of operator sets by domain; ONNX' own is "". */
  readonly operatorSets: ReadonlyMap<string, number>;
  /** Constants that are no initializers of the graph itself. */
  readonly hidden: readonly ModelTensor[];
  /** The fields that stand before and behind the graph: some programs look at their order. */
  readonly head: readonly Range[];
  readonly tail: readonly Range[];
}

export interface ModelGraph {
  readonly nodes: readonly ModelNode[];
  readonly initializers: readonly ModelTensor[];
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  /** Values within, where the file says what they are. */
  readonly values: readonly ModelValue[];
  /** Names of sparse initializers. */
  readonly sparse: readonly string[];
  /** The fields that are none of the above, sparse initializers among them. */
  readonly otherGraphFields: readonly Range[];
}

/**
 * Reads a model file (github.com/onnx/onnx, onnx.proto3) up to its weights, which are passed over.
 *
 * @throws StepError in one sentence where it is none, or is damaged.
 */
export function readModel(source: ByteSource): Model {
  const [head, tail]: [Range[], Range[]] = [[], []];
  const hidden: ModelTensor[] = [];
  const operatorSets = new Map<string, number>();
  let graph: Field | undefined;
  for (const field of fieldsOf(source, { start: 0, end: source.length })) {
    if (field.number === 7) {
      // Parts of a message that stand apart would have to be joined; no program writes them.
      if (graph !== undefined) throw damaged(source.name);
      graph = field;
      continue;
    }
    // How it was trained is of no use here.
    if (field.number === 20) continue;
    (graph === undefined ? head : tail).push(field.whole);
    if (field.number === 8) readOperatorSet(source, field, operatorSets);
    if (field.number === 25) readFunction(source, field, hidden);
  }
  if (graph === undefined) throw damaged(source.name);
  return { operatorSets, head, tail, hidden, ...readGraph(source, graph, hidden) };
}

/** An OperatorSetIdProto. */
function readOperatorSet(source: ByteSource, field: Field, into: Map<string, number>): void {
  let domain = "";
  let version = 0;
  for (const part of fieldsOf(source, field.body)) {
    if (part.number === 1) domain = domainOf(textOf(source, part));
    if (part.number === 2) version = part.value ?? 0;
  }
  into.set(domain, version);
}

/** Of a field of the model that is an entry of its metadata: the key. */
export function metadataKey(source: ByteSource, place: Range): string | undefined {
  const [field] = fieldsOf(source, place);
  if (field?.number !== 14) return undefined;
  const key = [...fieldsOf(source, field.body)].find(({ number }) => number === 1);
  return key === undefined ? undefined : textOf(source, key);
}

/** A FunctionProto, as far as it has constants. */
function readFunction(source: ByteSource, field: Field, hidden: ModelTensor[]): void {
  const inside = { tensors: hidden, depth: 1 };
  for (const part of fieldsOf(source, field.body)) {
    if (part.number === 7) readNode(source, part, inside);
    if (part.number === 11) readAttribute(source, part, [], inside);
  }
}

/** A GraphProto. */
function readGraph(source: ByteSource, graph: Field, hidden: ModelTensor[]): ModelGraph {
  const nodes: ModelNode[] = [];
  const initializers: ModelTensor[] = [];
  const [inputs, outputs, values]: [ModelValue[], ModelValue[], ModelValue[]] = [[], [], []];
  const sparse: string[] = [];
  const otherGraphFields: Range[] = [];
  for (const field of fieldsOf(source, graph.body)) {
    if (field.number === 1) nodes.push(readNode(source, field, { tensors: hidden, depth: 1 }));
    else if (field.number === 5) initializers.push(readTensor(source, field));
    else if (field.number === 11) inputs.push(readValue(source, field));
    else if (field.number === 12) outputs.push(readValue(source, field));
    else if (field.number === 13) values.push(readValue(source, field));
    else otherGraphFields.push(field.whole);
    if (field.number === 15) {
      for (const tensor of readSparse(source, field)) {
        hidden.push(tensor);
        sparse.push(tensor.name);
      }
    }
  }
  return { nodes, initializers, inputs, outputs, values, sparse, otherGraphFields };
}
