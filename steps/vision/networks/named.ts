import type { NamedNetwork } from "./named-network.ts";
import { resnet50 } from "./resnet50.ts";

/** Every network that a pipeline can name. */
export const namedNetworks: ReadonlyMap<string, NamedNetwork> = new Map([["resnet50", resnet50]]);
