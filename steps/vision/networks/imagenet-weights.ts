import type { RequiredFile } from "../../../engine/step-type.ts";
import { namedNetworks } from "./named.ts";
import type { NamedNetwork } from "./named-network.ts";

/** The file with ImageNet's weights of a network, and how it is brought; `undefined` where there is no such network. */
export function imagenetWeights(
  network: string,
  networks: ReadonlyMap<string, Pick<NamedNetwork, "weights">> = namedNetworks,
): RequiredFile | undefined {
  const setup = `weights ${network}`;
  const weights = networks.get(network)?.weights;
  return weights && { ...weights, setup, way: `\`flow setup ${setup}\` brings it` };
}
