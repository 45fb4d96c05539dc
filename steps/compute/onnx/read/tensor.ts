import { type ByteSource, damaged, type Field, fieldsOf, integersOf, type Range, textOf } from "./wire.ts";

export interface ModelTensor {
  readonly place: Range;
  readonly name: string;
  readonly dims: readonly number[];
  /** Where its numbers are, if not in the model file, and its fields that do not say so. */
  readonly external?: ExternalData & { readonly fields: readonly Range[] };
}

export interface ExternalData {
  /** As it stands there: POSIX, relative to the model's folder, it should be. */
  readonly location: string;
  /** In bytes; without a length it is all that follows. */
  readonly offset: number;
  readonly length?: number;
}

/** A TensorProto, without its numbers. */
export function readTensor(source: ByteSource, field: Field): ModelTensor {
  const fields: Range[] = [];
  const entries = new Map<string, string>();
  const dims: number[] = [];
  let name = "";
  let isExternal = false;
  for (const part of fieldsOf(source, field.body)) {
    if (part.number === 1) dims.push(...integersOf(source, part));
    if (part.number === 8) name = textOf(source, part);
    if (part.number === 13) readEntry(source, part, entries);
    else if (part.number === 14) isExternal = part.value === 1;
    else fields.push(part.whole);
  }
  if (!isExternal) return { place: field.whole, name, dims };
  const location = entries.get("location") ?? "";
  const [offset, length] = ["offset", "length"].map((key) => countOf(source, entries.get(key)));
  return {
    place: field.whole,
    name,
    dims,
    external: { location, offset: offset ?? 0, ...(length === undefined ? {} : { length }), fields },
  };
}

/** A SparseTensorProto: its values, by whose name it is known, and where they stand. */
export function readSparse(source: ByteSource, field: Field): readonly ModelTensor[] {
  return [...fieldsOf(source, field.body)]
    .filter(({ number }) => number === 1 || number === 2)
    .map((part) => readTensor(source, part));
}

function readEntry(source: ByteSource, field: Field, into: Map<string, string>): void {
  const [key = "", value = ""] = [1, 2].map((number) => {
    const part = [...fieldsOf(source, field.body)].find((found) => found.number === number);
    return part === undefined ? "" : textOf(source, part);
  });
  into.set(key, value);
}

function countOf(source: ByteSource, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw damaged(source.name);
  return Number(text);
}
