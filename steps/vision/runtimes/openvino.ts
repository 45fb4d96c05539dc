import { StepError } from "../../../engine/step-type.ts";
import type { Runtime } from "./runtime.ts";

export const runtime: Runtime = {
  open() {
    throw new StepError("not yet");
  },
};
