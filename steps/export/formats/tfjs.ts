import { StepError } from "../../../engine/step-type.ts";
import type { ExportedModel, Format } from "../format.ts";

export const tfjs: Format<ExportedModel> = {
  async write() {
    throw new StepError("tfjs is not written yet");
  },
  examples: () => [],
};
