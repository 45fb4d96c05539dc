import type { ExtractorOptions } from "../../steps/vision/extractor.ts";
import { lackOf, lackOfBf16, lackOfGpu, librariesOf } from "./home.ts";

/** A runtime on a device in a precision, as tests ask for it. */
export interface Subject {
  /** Says why it is skipped. */
  readonly title: string;
  readonly options: Pick<ExtractorOptions, "runtime" | "device" | "precision" | "libraries">;
  readonly lack: string;
  /** How far float32 may be from Keras and from other runtimes, relative to the maximum. */
  readonly within: number;
  /** By how many MB a process may grow while it opens and closes a hundred. */
  readonly growth: number;
}

function brought(runtime: "openvino" | "tensorflow", precision: "float32" | "bf16" = "float32"): Subject {
  const libraries = librariesOf(runtime);
  const lack = (precision === "bf16" && lackOfBf16()) || lackOf(runtime);
  return {
    title: `${runtime}, ${precision}${lack}`,
    options: { runtime, precision, ...(libraries === undefined ? {} : { libraries }) },
    lack,
    within: 1e-5,
    growth: 48,
  };
}

export const embedded: Subject = {
  title: "onnxruntime, float32",
  options: { runtime: "onnxruntime" },
  lack: "",
  within: 1e-5,
  growth: 48,
};
/**
 * GPUs sum in orders of their own. onnxruntime 1.30 keeps about 0.8 MB of a WebGPU
 * session that was closed; a step opens one.
 */
const gpu: Subject = {
  title: `onnxruntime on a GPU through WebGPU, float32${lackOfGpu()}`,
  options: { runtime: "onnxruntime", device: "webgpu" },
  lack: lackOfGpu(),
  within: 1e-4,
  growth: 120,
};
/** In float32. */
export const exact = [embedded, brought("openvino"), brought("tensorflow"), gpu];
export const all = [...exact, brought("openvino", "bf16")];
