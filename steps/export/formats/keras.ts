import { StepError } from "../../../engine/step-type.ts";
import type { ExportedModel, Format } from "../format.ts";

export const keras: Format<ExportedModel> = {
  async write() {
    throw new StepError("keras is not written yet");
  },
  examples: () => [],
};
