import { encodeMessage } from "../onnx/protobuf.ts";
import type { Handle, TensorflowLibrary } from "./library.ts";

export interface ContextOptions {
  /** Of one operation. The first context of a process decides for all. */
  readonly threads: number;
  /** Whether TensorFlow looks for GPUs. */
  readonly gpu: boolean;
}

/** What executes operations, on the devices that it has found. */
export interface Context {
  readonly handle: Handle;
  /** TensorFlow's name of the first GPU, ended by 0, where there is one. */
  readonly gpu: Buffer | undefined;
  close(): void;
}

/** @throws Error in TensorFlow's words. */
export function openContext(library: TensorflowLibrary, options: ContextOptions): Context {
  const handle = newContext(library, configOf(options));
  try {
    const gpu = findGpu(library, handle);
    return {
      handle,
      gpu: gpu === undefined ? undefined : Buffer.from(`${gpu}\0`),
      close: () => void library.call("TFE_DeleteContext", handle),
    };
  } catch (error) {
    library.call("TFE_DeleteContext", handle);
    throw error;
  }
}

function newContext(library: TensorflowLibrary, config: Uint8Array): Handle {
  const options = library.make("TFE_NewContextOptions");
  try {
    library.check("TFE_ContextOptionsSetConfig", options, config, config.length);
    return library.checkedMake("TFE_NewContext", options);
  } finally {
    library.call("TFE_DeleteContextOptions", options);
  }
}

/** tensorflow/core/protobuf/config.proto: `ConfigProto`. */
function configOf({ threads, gpu }: ContextOptions): Uint8Array {
  return encodeMessage((config) => {
    if (!gpu) {
      // device_count
      config.message(1, (count) => {
        count.string(1, "GPU");
        count.int(2, 0);
      });
    }
    // intra_op_parallelism_threads, inter_op_parallelism_threads: operations come one after another.
    config.int(2, threads);
    config.int(5, 1);
    // gpu_options.allow_growth: memory is taken as it is needed, not all of it.
    config.message(6, (gpuOptions) => gpuOptions.int(4, 1));
  });
}

function findGpu(library: TensorflowLibrary, context: Handle): string | undefined {
  const list = library.checkedMake("TFE_ContextListDevices", context);
  try {
    const count = library.call("TF_DeviceListCount", list);
    for (let index = 0; index < count; index++) {
      if (library.text("TF_DeviceListType", list, index) === "GPU") {
        return library.text("TF_DeviceListName", list, index);
      }
    }
    return undefined;
  } finally {
    library.call("TF_DeleteDeviceList", list);
  }
}
