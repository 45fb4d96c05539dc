import { elementType } from "../element-types.ts";
import { type ByteSource, type Field, fieldsOf, type Range, textOf } from "./wire.ts";

export type Dim = number | string | undefined;

export interface ModelValue {
  readonly place: Range;
  readonly name: string;
  /** In words: see `elementType`. Absent where it is no tensor, or is not said. */
  readonly type?: string;
  /** A name, or `undefined`, stands for a size that is not fixed. Absent where the rank is not said. */
  readonly dims?: readonly Dim[];
}

/** A ValueInfoProto. */
export function readValue(source: ByteSource, field: Field): ModelValue {
  let value: Omit<ModelValue, "place" | "name"> = {};
  let name = "";
  for (const part of fieldsOf(source, field.body)) {
    if (part.number === 1) name = textOf(source, part);
    if (part.number !== 2) continue;
    for (const kind of fieldsOf(source, part.body)) {
      if (kind.number === 1) value = readTensorType(source, kind);
    }
  }
  return { place: field.whole, name, ...value };
}

function readTensorType(source: ByteSource, field: Field): Omit<ModelValue, "place" | "name"> {
  let type: string | undefined;
  let dims: Dim[] | undefined;
  for (const part of fieldsOf(source, field.body)) {
    if (part.number === 1 && part.value !== undefined) type = elementType(part.value);
    if (part.number !== 2) continue;
    dims = [];
    for (const dim of fieldsOf(source, part.body)) {
      if (dim.number === 1) dims.push(readDim(source, dim));
    }
  }
  return { ...(type === undefined ? {} : { type }), ...(dims === undefined ? {} : { dims }) };
}

/** Some programs write 0 or −1 for a size that is not fixed. */
function readDim(source: ByteSource, field: Field): Dim {
  for (const part of fieldsOf(source, field.body)) {
    if (part.number === 1 && part.value !== undefined && part.value > 0) return part.value;
    if (part.number === 2) return textOf(source, part) || undefined;
  }
  return undefined;
}
