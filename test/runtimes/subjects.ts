import type { ExtractorOptions } from "../../steps/vision/extractor.ts";
import { lackOf, lackOfBf16, librariesOf } from "./home.ts";

/** A runtime in a precision, as tests ask for it. */
export interface Subject {
  /** Says why it is skipped. */
  readonly title: string;
  readonly options: Pick<ExtractorOptions, "runtime" | "precision" | "libraries">;
  readonly lack: string;
}

function brought(runtime: "openvino" | "tensorflow", precision: "float32" | "bf16" = "float32"): Subject {
  const libraries = librariesOf(runtime);
  const lack = (precision === "bf16" && lackOfBf16()) || lackOf(runtime);
  return {
    title: `${runtime}, ${precision}${lack}`,
    options: { runtime, precision, ...(libraries === undefined ? {} : { libraries }) },
    lack,
  };
}

export const embedded: Subject = {
  title: "onnxruntime, float32",
  options: { runtime: "onnxruntime" },
  lack: "",
};
/** In float32. */
export const exact = [embedded, brought("openvino"), brought("tensorflow")];
export const all = [...exact, brought("openvino", "bf16")];
