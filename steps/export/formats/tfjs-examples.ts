import type { ModelDescription } from "../../learning/heads/model.ts";
import type { Example } from "../format.ts";
export function tfjsExamples(_: ModelDescription, __: boolean): readonly Example[] {
  return [];
}
