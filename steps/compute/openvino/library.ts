import { readdirSync } from "node:fs";
import { join } from "node:path";
import { StepError } from "../../../engine/step-type.ts";
import { type NativeFunction, nativeStruct, openLibrary, textAt } from "../native/library.ts";

/** A pointer of the library's. */
export type Handle = bigint;

/** OpenVINO's C API, as far as it is used (docs.openvino.ai, "OpenVINO Runtime C API"). A status that is not 0 is an exception. */
export interface OpenvinoLibrary {
  call(name: FunctionName, ...values: unknown[]): void;
  /** Without holding this thread up. */
  later(name: FunctionName, ...values: unknown[]): Promise<void>;
  /** The handle that a call makes: `rest` are the values behind the place where it is put. */
  make(name: FunctionName, values: readonly unknown[], rest?: readonly unknown[]): Handle;
  /** A property of the CPU, as text. */
  property(core: Handle, name: string): string;
  free(name: FunctionName, handle: Handle): void;
}

type FunctionName = keyof typeof prototypes;

const prototypes = {
  ov_core_create: "int ov_core_create(_Out_ void **core)",
  ov_core_free: "void ov_core_free(void *core)",
  ov_core_get_property:
    "int ov_core_get_property(void *core, const char *device, const char *name, _Out_ void **value)",
  ov_free: "void ov_free(void *content)",
  ov_core_read_model_from_memory_buffer:
    "int ov_core_read_model_from_memory_buffer(void *core, const void *model, size_t length, void *weights, _Out_ void **model)",
  ov_model_free: "void ov_model_free(void *model)",
  ov_core_compile_model:
    "int ov_core_compile_model(void *core, void *model, const char *device, size_t count, _Out_ void **compiled, ...)",
  ov_compiled_model_free: "void ov_compiled_model_free(void *model)",
  ov_compiled_model_create_infer_request:
    "int ov_compiled_model_create_infer_request(void *model, _Out_ void **request)",
  ov_infer_request_free: "void ov_infer_request_free(void *request)",
  ov_tensor_create_from_host_ptr:
    "int ov_tensor_create_from_host_ptr(int type, flow_ov_shape shape, void *memory, _Out_ void **tensor)",
  ov_tensor_free: "void ov_tensor_free(void *tensor)",
  ov_infer_request_set_input_tensor_by_index:
    "int ov_infer_request_set_input_tensor_by_index(void *request, size_t index, void *tensor)",
  ov_infer_request_set_output_tensor_by_index:
    "int ov_infer_request_set_output_tensor_by_index(void *request, size_t index, void *tensor)",
  ov_infer_request_infer: "int ov_infer_request_infer(void *request)",
  ov_get_last_err_msg: "const char *ov_get_last_err_msg()",
} as const;

let opened: { readonly folder: string; readonly library: OpenvinoLibrary } | undefined;

/**
 * Opens the libraries of a folder, once in a process.
 *
 * @throws StepError where one is missing or cannot be opened.
 */
export function openvinoLibrary(folder: string): OpenvinoLibrary {
  if (opened?.folder !== folder) opened = { folder, library: open(folder) };
  return opened.library;
}

/** In the order in which they need each other. */
const files = ["libtbb.so", "libopenvino.so", "libopenvino_c.so"];

function open(folder: string): OpenvinoLibrary {
  const functions = openFunctions(folder);
  const text = (): string => {
    const said = functions.ov_get_last_err_msg() as string | null;
    const unknown = /No conversion rule found for operations: (.+)/.exec(said ?? "")?.[1];
    // Behind the name stands the version.
    if (unknown !== undefined) return `it has no operator ${unknown.replace(/-\d+\b/g, "")}`;
    const lines = (said ?? "").split("\n").filter((line) => line.trim() !== "");
    // The innermost exception stands last.
    return (
      lines
        .at(-1)
        ?.replace(/^\s*-- /, "")
        .trim() ?? "it does not say why"
    );
  };
  const check = (status: unknown): void => {
    if (status !== 0) throw new StepError(`OpenVINO fails: ${text()}`);
  };
  const library: OpenvinoLibrary = {
    call: (name, ...values) => check(functions[name](...values)),
    later: (name, ...values) =>
      new Promise((resolve, reject) => {
        functions[name].async(...values, (error: Error | null, status: unknown) => {
          try {
            if (error !== null) throw error;
            check(status);
            resolve();
          } catch (failed) {
            reject(failed);
          }
        });
      }),
    make(name, values, rest = []) {
      const made: [Handle | null] = [null];
      library.call(name, ...values, made, ...rest);
      if (made[0] === null) throw new StepError(`OpenVINO fails: ${name} made nothing`);
      return made[0];
    },
    property(core, name) {
      const value = library.make("ov_core_get_property", [core, "CPU", name]);
      try {
        return textAt(value);
      } finally {
        library.free("ov_free", value);
      }
    },
    free: (name, handle) => void functions[name](handle),
  };
  return library;
}

function openFunctions(folder: string): Record<FunctionName, NativeFunction> {
  try {
    const there = readdirSync(folder);
    const libraries = files.map((name) => {
      const file = there.find((found) => found === name || found.startsWith(`${name}.`));
      if (file === undefined) throw new Error(`${name} is not there`);
      return openLibrary(join(folder, file), { global: true });
    });
    nativeStruct("flow_ov_shape", { rank: "int64_t", sizes: "int64_t *" });
    const last = libraries.at(-1);
    const entries = Object.entries(prototypes).map(([name, prototype]) => [name, last?.function(prototype)]);
    return Object.fromEntries(entries) as Record<FunctionName, NativeFunction>;
  } catch (error) {
    throw new StepError(
      `OpenVINO's libraries in ${folder} cannot be opened (${(error as Error).message}): \`flow setup openvino --remove\` and \`flow setup openvino\` bring them anew`,
    );
  }
}
