import type { Context } from "./context.ts";
import type { Handle, TensorflowLibrary } from "./library.ts";
import { type Attribute, attributeKinds, execute } from "./operations.ts";

/** `TF_DataType`, under the names by which @tensorflow/tfjs-node-gpu asks for them. */
export const types = {
  TF_FLOAT: 1,
  TF_INT32: 3,
  TF_UINT8: 4,
  TF_STRING: 7,
  TF_COMPLEX64: 8,
  TF_INT64: 9,
  TF_BOOL: 10,
  TF_RESOURCE: 20,
} as const;

interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/**
 * What the backend of @tensorflow/tfjs-node-gpu asks of its addon, over
 * TensorFlow's C API. Tensors are numbers that are never used twice: what is
 * asked of one that was deleted is an exception.
 */
export interface Binding {
  createTensor(shape: readonly number[], type: number | string, values: NodeJS.TypedArray): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): NodeJS.TypedArray;
  /** The same, into memory of exactly its size. */
  readTensor(id: number, into: NodeJS.TypedArray): void;
  executeOp(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    results: number,
  ): TensorMetadata[];
  isUsingGpuDevice(): boolean;
  getNumOfTensors(): number;
  /** Frees all tensors and the context. */
  close(): void;
}

export function newBinding(library: TensorflowLibrary, context: Context): Binding {
  const handles = new Map<number, Handle>();
  let next = 0;
  let isClosed = false;
  const keep = (handle: Handle): number => {
    handles.set(next, handle);
    return next++;
  };
  const handleOf = (id: number): Handle => {
    const handle = handles.get(id);
    if (handle === undefined) throw new Error(`tensor ${id} is not there any more`);
    return handle;
  };
  const calls: Binding = {
    createTensor(shape, type, values) {
      if (isClosed) throw new Error("TensorFlow is closed");
      return keep(newTensor(library, context, { shape, type: typeOf(type), values }));
    },
    deleteTensor(id) {
      library.call("TFE_DeleteTensorHandle", handleOf(id));
      handles.delete(id);
    },
    tensorDataSync(id) {
      const handle = handleOf(id);
      const type = library.call("TFE_TensorHandleDataType", handle);
      return withData(library, handle, (data, bytes) => {
        const values = memoryFor(type, bytes);
        library.copy(values, data, bytes);
        return values;
      });
    },
    readTensor(id, into) {
      withData(library, handleOf(id), (data, bytes) => {
        if (bytes !== into.byteLength) throw new Error(`a tensor has ${bytes} bytes, not ${into.byteLength}`);
        library.copy(into, data, bytes);
      });
    },
    executeOp(name, attributes, inputs, results) {
      if (isClosed) throw new Error("TensorFlow is closed");
      const made = execute(library, context, { name, attributes, inputs: inputs.map(handleOf), results });
      return made.map(keep).map((id) => {
        const handle = handleOf(id);
        return {
          id,
          shape: shapeOf(library, handle),
          dtype: library.call("TFE_TensorHandleDataType", handle),
        };
      });
    },
    isUsingGpuDevice: () => context.gpu !== undefined,
    getNumOfTensors: () => handles.size,
    close() {
      if (isClosed) return;
      isClosed = true;
      for (const handle of handles.values()) library.call("TFE_DeleteTensorHandle", handle);
      handles.clear();
      context.close();
    },
  };
  return Object.assign(calls, types, attributeKinds, refused);
}

interface NewTensor {
  readonly shape: readonly number[];
  readonly type: number;
  readonly values: NodeJS.TypedArray;
}

function newTensor(library: TensorflowLibrary, context: Context, { shape, type, values }: NewTensor): Handle {
  const bytes = widthOf(type) * shape.reduce((product, size) => product * size, 1);
  if (values.byteLength !== bytes) {
    throw new Error(`a tensor of shape ${shape.join(" × ")} has ${bytes} bytes, not ${values.byteLength}`);
  }
  const dims = BigInt64Array.from(shape, BigInt);
  const tensor = library.make("TF_AllocateTensor", type, dims, shape.length, bytes);
  try {
    library.copy(library.make("TF_TensorData", tensor), values, bytes);
    const handle = library.checkedMake("TFE_NewTensorHandle", tensor);
    // Sizes and axes, which are int32, stay where GPU kernels want them: with the host.
    if (context.gpu === undefined || type === types.TF_INT32) return handle;
    try {
      return library.checkedMake("TFE_TensorHandleCopyToDevice", handle, context.handle, context.gpu);
    } finally {
      library.call("TFE_DeleteTensorHandle", handle);
    }
  } finally {
    library.call("TF_DeleteTensor", tensor);
  }
}

function withData<Result>(
  library: TensorflowLibrary,
  handle: Handle,
  use: (data: Handle, bytes: number) => Result,
): Result {
  const tensor = library.checkedMake("TFE_TensorHandleResolve", handle);
  try {
    const bytes = library.call("TF_TensorByteSize", tensor);
    return use(bytes === 0 ? 0n : library.make("TF_TensorData", tensor), bytes);
  } finally {
    library.call("TF_DeleteTensor", tensor);
  }
}

function shapeOf(library: TensorflowLibrary, handle: Handle): number[] {
  const rank = library.check("TFE_TensorHandleNumDims", handle);
  return Array.from({ length: rank }, (_, axis) => library.check("TFE_TensorHandleDim", handle, axis));
}

const namesOfTypes: Readonly<Record<string, number>> = {
  float32: types.TF_FLOAT,
  int32: types.TF_INT32,
  bool: types.TF_BOOL,
  complex64: types.TF_COMPLEX64,
};

function typeOf(type: number | string): number {
  const found = typeof type === "number" ? type : namesOfTypes[type];
  if (found === undefined) throw new Error(`tensors of type ${type} are not made`);
  return found;
}

function widthOf(type: number): number {
  switch (type) {
    case types.TF_BOOL:
    case types.TF_UINT8:
      return 1;
    case types.TF_FLOAT:
    case types.TF_INT32:
      return 4;
    case types.TF_INT64:
    case types.TF_COMPLEX64:
      return 8;
    default:
      throw new Error(`tensors of TensorFlow's type ${type} are not made`);
  }
}

function memoryFor(type: number, bytes: number): NodeJS.TypedArray {
  switch (type) {
    case types.TF_FLOAT:
    case types.TF_COMPLEX64:
      return new Float32Array(bytes / 4);
    case types.TF_INT32:
      return new Int32Array(bytes / 4);
    case types.TF_INT64:
      return new BigInt64Array(bytes / 8);
    case types.TF_BOOL:
    case types.TF_UINT8:
      return new Uint8Array(bytes);
    default:
      throw new Error(`tensors of TensorFlow's type ${type} are not read`);
  }
}

/** Networks are not opened from TensorFlow's own format. */
const refused = Object.fromEntries(
  ["loadSavedModel", "deleteSavedModel", "runSavedModel", "getNumOfSavedModels"].map((name) => [
    name,
    () => {
      throw new Error(`${name}: saved models are not opened`);
    },
  ]),
);
