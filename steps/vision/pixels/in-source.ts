import { createHash } from "node:crypto";
import { StepError } from "../../../engine/step-type.ts";

// Pictures that were left in their source, where anybody may change them.

/** @param digest `sha256:<hex>` that the bytes must have. @throws StepError where they have another. */
export function refuseOther(file: string, bytes: Uint8Array, digest: string): void {
  if (`sha256:${createHash("sha256").update(bytes).digest("hex")}` === digest) return;
  throw new StepError(`${file} changed since it was organized; run the same command again`);
}

/** What to say of one that is not there. */
export function goneText(file: string): string {
  return `${file} is gone: the pictures were left in their source, which has to stay where it is; run the same command again`;
}
