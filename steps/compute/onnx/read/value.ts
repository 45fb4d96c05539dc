import { elementType } from "../element-types.ts";
import { type ByteSource, type Field, fieldsOf, type Range, textOf } from "./wire.ts";

export interface ModelValue {
  readonly place: Range;
  readonly name: string;
  /** In words: see `elementType`. Absent where it is no tensor, or is not said. */
  readonly type?: string;
  /** `undefined` stands for a size that is not fixed. Absent where the rank is not said. */
  readonly dims?: readonly (number | undefined)[];
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
  let dims: (number | undefined)[] | undefined;
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
function readDim(source: ByteSource, field: Field): number | undefined {
  const size = [...fieldsOf(source, field.body)].find(({ number }) => number === 1)?.value;
  return size !== undefined && size > 0 ? size : undefined;
}
