import { StepError } from "../../../engine/step-type.ts";
import type { ExportedFeatures, Format } from "../format.ts";

export const hdf5: Format<ExportedFeatures> = {
  async write() {
    throw new StepError("hdf5 is not written yet");
  },
  examples: () => [],
};
