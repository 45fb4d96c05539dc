import type { RequiredFile } from "../../engine/step-type.ts";
import { imagenetWeights } from "../vision/networks/imagenet-weights.ts";
import type { ExtractParams } from "./declaration.ts";

/** The file that the parameters ask for by name. */
export function requiredWeights(
  { network, weights = "imagenet" }: ExtractParams,
  inputs: ReadonlySet<string>,
): RequiredFile | undefined {
  if (network === undefined || inputs.has("network") || inputs.has("weights")) return undefined;
  return weights === "imagenet" ? imagenetWeights(network) : undefined;
}
