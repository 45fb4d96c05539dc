import { StepError } from "../../../engine/step-type.ts";
import type { ExportedFeatures, Format } from "../format.ts";

export const csv: Format<ExportedFeatures> = {
  async write() {
    throw new StepError("csv is not written yet");
  },
  examples: () => [],
};
