import { join } from "node:path";
import type { LinearAlgebra } from "../compute/linear-algebra.ts";
import { resolveDevice } from "../vision/runtimes/device.ts";
import type { TrainPart } from "./declaration.ts";

/**
 * Opens what multiplies.
 *
 * @throws StepError where a library or the GPU is missing.
 */
export async function openAlgebra({ params, required, home, log }: TrainPart): Promise<LinearAlgebra> {
  const { runtime } = params;
  switch (runtime) {
    case "onnxruntime":
      return (await import("../compute/onnx/linear-algebra.ts")).onnxAlgebra;
    case "tensorflow": {
      const libraries = join(required(runtime), "lib");
      const device = await resolveDevice(params.device, { runtime, home, libraries }, log);
      const { openTensorflowAlgebra } = await import("../compute/tensorflow/linear-algebra.ts");
      return openTensorflowAlgebra({ libraries, device: device === "cuda" ? "cuda" : "cpu" });
    }
    default:
      return runtime satisfies never;
  }
}
