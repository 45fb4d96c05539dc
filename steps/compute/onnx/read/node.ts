import { type ModelTensor, readSparse, readTensor } from "./tensor.ts";
import { readValue } from "./value.ts";
import {
  type ByteSource,
  damaged,
  domainOf,
  type Field,
  fieldsOf,
  integersOf,
  type Range,
  textOf,
} from "./wire.ts";

export interface ModelNode {
  readonly place: Range;
  readonly op: string;
  /** ONNX' own is "". */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names that graphs within it know; some are values outside. */
  readonly inner: readonly string[];
  /** The attribute of Transpose. */
  readonly perm?: readonly number[];
}

/** What nodes have within them. */
export interface Inside {
  /** Takes the constants. */
  readonly tensors: ModelTensor[];
  readonly depth: number;
}

/** Graphs within nodes within graphs: no network comes near. */
const DEEPEST = 16;

/** A NodeProto. */
export function readNode(source: ByteSource, field: Field, inside: Inside): ModelNode {
  const [inputs, outputs, inner]: [string[], string[], string[]] = [[], [], []];
  let op = "";
  let domain = "";
  let perm: readonly number[] | undefined;
  for (const part of fieldsOf(source, field.body)) {
    if (part.number === 1) addName(inputs, textOf(source, part));
    else if (part.number === 2) addName(outputs, textOf(source, part));
    else if (part.number === 4) op = textOf(source, part);
    else if (part.number === 7) domain = domainOf(textOf(source, part));
    else if (part.number === 5) {
      const { name, ints } = readAttribute(source, part, inner, inside);
      if (name === "perm") perm = ints;
    }
  }
  const place = field.whole;
  return { place, op, domain, inputs, outputs, inner, ...(perm === undefined ? {} : { perm }) };
}

/** What is left out has an empty name. */
function addName(names: string[], name: string): void {
  if (name !== "") names.push(name);
}

/** An AttributeProto: its name and its list of whole numbers. */
export function readAttribute(
  source: ByteSource,
  field: Field,
  inner: string[],
  inside: Inside,
): { readonly name: string; readonly ints: readonly number[] } {
  const ints: number[] = [];
  let name = "";
  for (const part of fieldsOf(source, field.body)) {
    if (part.number === 1) name = textOf(source, part);
    else if (part.number === 8) for (const int of integersOf(source, part)) ints.push(int);
    else if (part.number === 5 || part.number === 10) inside.tensors.push(readTensor(source, part));
    else if (part.number === 6 || part.number === 11) readInnerGraph(source, part, inner, inside);
    else if (part.number === 22 || part.number === 23) addSparse(source, part, inside);
  }
  return { name, ints };
}

function readInnerGraph(source: ByteSource, field: Field, inner: string[], inside: Inside): void {
  const { tensors, depth } = inside;
  if (depth > DEEPEST) throw damaged(source.name);
  for (const part of fieldsOf(source, field.body)) {
    if (part.number === 1) {
      const node = readNode(source, part, { tensors, depth: depth + 1 });
      for (const name of [...node.inputs, ...node.inner]) inner.push(name);
    } else if (part.number === 5) tensors.push(readTensor(source, part));
    else if (part.number === 12) inner.push(readValue(source, part).name);
    else if (part.number === 15) addSparse(source, part, inside);
  }
}

function addSparse(source: ByteSource, field: Field, { tensors }: Inside): void {
  for (const tensor of readSparse(source, field)) tensors.push(tensor);
}
