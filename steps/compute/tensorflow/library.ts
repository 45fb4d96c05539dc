import { existsSync } from "node:fs";
import { join } from "node:path";
import { StepError } from "../../../engine/step-type.ts";
import { type Library, type NativeFunction, openLibrary } from "../native/library.ts";

/** A pointer of the library's. */
export type Handle = bigint;

/** Values in memory that the library reads or writes where they are, or a pointer of its own. */
export type Memory = NodeJS.TypedArray | Handle;

/** TensorFlow's C API, as far as it is used (tensorflow/c/c_api.h, tensorflow/c/eager/c_api.h). */
export interface TensorflowLibrary {
  /** What takes no status. */
  call(name: keyof typeof plain, ...values: unknown[]): number;
  /** A pointer that it makes. */
  make(name: keyof typeof plain, ...values: unknown[]): Handle;
  /** What takes a status, which is put behind the values. @throws Error in TensorFlow's words. */
  check(name: keyof typeof checked, ...values: unknown[]): number;
  /** The same, for what makes a pointer. */
  checkedMake(name: keyof typeof checked, ...values: unknown[]): Handle;
  /** Text that TensorFlow owns. */
  text(name: "TF_DeviceListName" | "TF_DeviceListType", ...values: unknown[]): string;
  copy(to: Memory, from: Memory, bytes: number): void;
}

const plain = {
  TFE_NewContextOptions: "void *TFE_NewContextOptions()",
  TFE_DeleteContextOptions: "void TFE_DeleteContextOptions(void *options)",
  TFE_DeleteContext: "void TFE_DeleteContext(void *context)",
  TF_DeviceListCount: "int TF_DeviceListCount(void *list)",
  TF_DeleteDeviceList: "void TF_DeleteDeviceList(void *list)",
  TF_AllocateTensor: "void *TF_AllocateTensor(int type, const void *dims, int rank, size_t bytes)",
  TF_DeleteTensor: "void TF_DeleteTensor(void *tensor)",
  TF_TensorData: "void *TF_TensorData(void *tensor)",
  TF_TensorByteSize: "size_t TF_TensorByteSize(void *tensor)",
  TFE_DeleteTensorHandle: "void TFE_DeleteTensorHandle(void *handle)",
  TFE_TensorHandleDataType: "int TFE_TensorHandleDataType(void *handle)",
  TFE_DeleteOp: "void TFE_DeleteOp(void *op)",
  TFE_OpSetAttrString:
    "void TFE_OpSetAttrString(void *op, const void *name, const void *value, size_t length)",
  TFE_OpSetAttrStringList:
    "void TFE_OpSetAttrStringList(void *op, const void *name, const char **values, const void *lengths, int count)",
  TFE_OpSetAttrInt: "void TFE_OpSetAttrInt(void *op, const void *name, int64_t value)",
  TFE_OpSetAttrIntList:
    "void TFE_OpSetAttrIntList(void *op, const void *name, const void *values, int count)",
  TFE_OpSetAttrFloat: "void TFE_OpSetAttrFloat(void *op, const void *name, float value)",
  TFE_OpSetAttrFloatList:
    "void TFE_OpSetAttrFloatList(void *op, const void *name, const void *values, int count)",
  TFE_OpSetAttrBool: "void TFE_OpSetAttrBool(void *op, const void *name, uint8_t value)",
  TFE_OpSetAttrBoolList:
    "void TFE_OpSetAttrBoolList(void *op, const void *name, const void *values, int count)",
  TFE_OpSetAttrType: "void TFE_OpSetAttrType(void *op, const void *name, int type)",
  TFE_OpSetAttrTypeList:
    "void TFE_OpSetAttrTypeList(void *op, const void *name, const void *types, int count)",
} as const;

const checked = {
  TFE_ContextOptionsSetConfig:
    "void TFE_ContextOptionsSetConfig(void *options, const void *proto, size_t length, void *status)",
  TFE_NewContext: "void *TFE_NewContext(void *options, void *status)",
  TFE_ContextListDevices: "void *TFE_ContextListDevices(void *context, void *status)",
  TFE_NewTensorHandle: "void *TFE_NewTensorHandle(void *tensor, void *status)",
  TFE_TensorHandleCopyToDevice:
    "void *TFE_TensorHandleCopyToDevice(void *handle, void *context, const void *device, void *status)",
  TFE_TensorHandleResolve: "void *TFE_TensorHandleResolve(void *handle, void *status)",
  TFE_TensorHandleNumDims: "int TFE_TensorHandleNumDims(void *handle, void *status)",
  TFE_TensorHandleDim: "int64_t TFE_TensorHandleDim(void *handle, int axis, void *status)",
  TFE_NewOp: "void *TFE_NewOp(void *context, const void *name, void *status)",
  TFE_OpAddInput: "void TFE_OpAddInput(void *op, void *input, void *status)",
  TFE_OpSetAttrShape:
    "void TFE_OpSetAttrShape(void *op, const void *name, const void *dims, int rank, void *status)",
  TFE_Execute: "void TFE_Execute(void *op, void *results, void *count, void *status)",
} as const;

const texts = {
  TF_DeviceListName: "const char *TF_DeviceListName(void *list, int index, void *status)",
  TF_DeviceListType: "const char *TF_DeviceListType(void *list, int index, void *status)",
} as const;

/** In the order in which they need each other. */
const files = ["libtensorflow_framework.so.2", "libtensorflow_cc.so.2"] as const;

let opened: { readonly folder: string; readonly library: TensorflowLibrary } | undefined;

/**
 * Opens TensorFlow from a folder, once in a process. What it is told by the
 * environment has to stand there before.
 *
 * @throws StepError where a library is missing or cannot be opened.
 */
export function tensorflowLibrary(folder: string): TensorflowLibrary {
  if (opened !== undefined && opened.folder !== folder) {
    throw new Error(`TensorFlow was opened from ${opened.folder}; a process has one`);
  }
  opened ??= { folder, library: open(folder) };
  return opened.library;
}

function open(folder: string): TensorflowLibrary {
  try {
    const missing = files.find((file) => !existsSync(join(folder, file)));
    if (missing !== undefined) throw new Error(`${missing} is not there`);
    const [framework, main] = files;
    silence(openLibrary(join(folder, framework), { global: true }));
    return wrap(openLibrary(join(folder, main), { global: true }).function);
  } catch (error) {
    throw new StepError(
      `TensorFlow's libraries in ${folder} cannot be opened (${(error as Error).message}): \`flow setup tensorflow --remove\` and \`flow setup tensorflow\` bring them anew`,
    );
  }
}

/**
 * What fails is told by a status; TF_CPP_MIN_LOG_LEVEL does not reach all that is
 * said while the next library is opened. The name is that of absl's version in it: with
 * another, more is heard.
 */
function silence({ function: declare }: Library): void {
  const FATAL = 3;
  try {
    declare("void _ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE(int severity)")(FATAL);
  } catch {
    // As said.
  }
}

function wrap(declare: (prototype: string) => NativeFunction): TensorflowLibrary {
  const table = (prototypes: Readonly<Record<string, string>>): Readonly<Record<string, NativeFunction>> =>
    Object.fromEntries(Object.entries(prototypes).map(([name, prototype]) => [name, declare(prototype)]));
  const functions = table({ ...plain, ...checked, ...texts });
  // Of the C library, which TensorFlow brings along: no ArrayBuffer has to be made of foreign memory.
  const memcpy = declare("void *memcpy(void *to, const void *from, size_t bytes)");
  const codeOf = declare("int TF_GetCode(void *status)");
  const messageOf = declare("const char *TF_Message(void *status)");
  // One for all calls: each sets it anew, and they come one after another.
  const status = declare("void *TF_NewStatus()")();
  const called = (name: string, values: readonly unknown[]): ReturnType<NativeFunction> => {
    const found = functions[name];
    if (found === undefined) throw new Error(`${name} is not declared`);
    return found(...values);
  };
  const tried = (name: string, values: readonly unknown[]): ReturnType<NativeFunction> => {
    const result = called(name, [...values, status]);
    // In front stands which operation on which device, in TensorFlow's own notation.
    if (codeOf(status) !== 0) throw new Error(String(messageOf(status)).replace(/^\{\{.*?\}\} /, ""));
    return result;
  };
  const made = (name: string, result: ReturnType<NativeFunction>): Handle => {
    if (result === null) throw new Error(`${name} made nothing`);
    return result as Handle;
  };
  return {
    call: (name, ...values) => Number(called(name, values)),
    make: (name, ...values) => made(name, called(name, values)),
    check: (name, ...values) => Number(tried(name, values)),
    checkedMake: (name, ...values) => made(name, tried(name, values)),
    text: (name, ...values) => String(tried(name, values)),
    copy(to, from, bytes) {
      if (bytes > 0) memcpy(to, from, bytes);
    },
  };
}
