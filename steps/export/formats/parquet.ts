import { StepError } from "../../../engine/step-type.ts";
import type { ExportedFeatures, Format } from "../format.ts";

export const parquet: Format<ExportedFeatures> = {
  async write() {
    throw new StepError("parquet is not written yet");
  },
  examples: () => [],
};
