import { StepError } from "../../../engine/step-type.ts";

/** A picture that is missing, damaged, none, or of a kind that is not read. */
export class ImageError extends StepError {
  /** What is wrong with it, on one line. */
  readonly reason: string;

  constructor(file: string, reason: string) {
    super(`${file}: ${reason}`);
    this.reason = reason;
  }
}
