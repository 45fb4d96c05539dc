import { StepError } from "../../../engine/step-type.ts";
import type { ExportedModel, Format } from "../format.ts";

export const onnx: Format<ExportedModel> = {
  async write() {
    throw new StepError("onnx is not written yet");
  },
  examples: () => [],
};
