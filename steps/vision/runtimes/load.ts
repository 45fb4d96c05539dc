import type { Runtime, RuntimeName } from "./runtime.ts";

/** A runtime, loaded when it is asked for: some are large. */
export async function loadRuntime(name: RuntimeName): Promise<Runtime> {
  switch (name) {
    case "onnxruntime":
      return (await import("./onnxruntime.ts")).runtime;
    case "openvino":
      return (await import("./openvino.ts")).runtime;
    case "tensorflow":
      return (await import("./tensorflow.ts")).runtime;
    default:
      throw new Error(`${name satisfies never} is no runtime`);
  }
}
