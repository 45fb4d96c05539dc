import type { Context } from "./context.ts";
import type { Handle, TensorflowLibrary } from "./library.ts";

/** `TF_AttrType`, as @tensorflow/tfjs-node-gpu uses it. */
export const attributeKinds = {
  TF_ATTR_STRING: 0,
  TF_ATTR_INT: 1,
  TF_ATTR_FLOAT: 2,
  TF_ATTR_BOOL: 3,
  TF_ATTR_TYPE: 4,
  TF_ATTR_SHAPE: 5,
  TF_ATTR_RESOURCE: 6,
} as const;

/** A setting of an operation. An array is a list of such values; of a shape, its sizes. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

export interface Operation {
  /** As TensorFlow's registry has it: `Conv2D`. */
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly inputs: readonly Handle[];
  /** How many results. */
  readonly results: number;
}

/**
 * Executes one operation.
 *
 * @returns handles that the caller frees.
 * @throws Error in TensorFlow's words.
 */
export function execute(library: TensorflowLibrary, context: Context, operation: Operation): Handle[] {
  const op = library.checkedMake("TFE_NewOp", context.handle, nameOf(operation.name));
  try {
    for (const input of operation.inputs) library.check("TFE_OpAddInput", op, input);
    for (const attribute of operation.attributes) setAttribute(library, op, attribute);
    const results = new BigUint64Array(operation.results);
    const count = Int32Array.of(operation.results);
    library.check("TFE_Execute", op, results, count);
    return [...results.subarray(0, count[0])];
  } finally {
    library.call("TFE_DeleteOp", op);
  }
}

function setAttribute(library: TensorflowLibrary, op: Handle, { name, type, value }: Attribute): void {
  const place = [op, nameOf(name)] as const;
  const numbers = Array.isArray(value) ? value.map(Number) : [];
  const listed = (values: NodeJS.TypedArray) => [...place, values, values.length] as const;
  const isList = Array.isArray(value);
  switch (type) {
    case attributeKinds.TF_ATTR_STRING:
      if (isList) {
        const words = value.map(String);
        const lengths = BigUint64Array.from(words, (word) => BigInt(Buffer.byteLength(word)));
        library.call("TFE_OpSetAttrStringList", ...place, words, lengths, words.length);
      } else {
        const bytes = Buffer.from(String(value));
        library.call("TFE_OpSetAttrString", ...place, bytes, bytes.length);
      }
      return;
    case attributeKinds.TF_ATTR_INT:
      if (isList) library.call("TFE_OpSetAttrIntList", ...listed(BigInt64Array.from(numbers, BigInt)));
      else library.call("TFE_OpSetAttrInt", ...place, Number(value));
      return;
    case attributeKinds.TF_ATTR_FLOAT:
      if (isList) library.call("TFE_OpSetAttrFloatList", ...listed(Float32Array.from(numbers)));
      else library.call("TFE_OpSetAttrFloat", ...place, Number(value));
      return;
    case attributeKinds.TF_ATTR_BOOL:
      if (isList) library.call("TFE_OpSetAttrBoolList", ...listed(Uint8Array.from(numbers)));
      else library.call("TFE_OpSetAttrBool", ...place, value ? 1 : 0);
      return;
    case attributeKinds.TF_ATTR_TYPE:
      if (isList) library.call("TFE_OpSetAttrTypeList", ...listed(Int32Array.from(numbers)));
      else library.call("TFE_OpSetAttrType", ...place, Number(value));
      return;
    case attributeKinds.TF_ATTR_SHAPE:
      library.check("TFE_OpSetAttrShape", ...listed(BigInt64Array.from(numbers, BigInt)));
      return;
    default:
      throw new Error(`TensorFlow's operations get no attribute of kind ${type} (${name})`);
  }
}

const names = new Map<string, Buffer>();

/** Names of operations and attributes, ended by 0: kept, as TensorFlow may look at them later. */
function nameOf(name: string): Buffer {
  const known = names.get(name);
  if (known !== undefined) return known;
  const made = Buffer.from(`${name}\0`);
  names.set(name, made);
  return made;
}
