import { StepError } from "../../../engine/step-type.ts";
import type { ExportedFeatures, Format } from "../format.ts";

export const numpy: Format<ExportedFeatures> = {
  async write() {
    throw new StepError("numpy is not written yet");
  },
  examples: () => [],
};
