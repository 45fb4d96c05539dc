import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { suggest } from "../../../engine/document/suggest.ts";
import type { Part, Setups } from "../../../engine/machine.ts";
import { type RequiredFile, StepError } from "../../../engine/step-type.ts";
import { bringFile, removeFile } from "../../web/required-file.ts";
import { imagenetWeights } from "./imagenet-weights.ts";
import { namedNetworks } from "./named.ts";
import type { NamedNetwork } from "./named-network.ts";

/** ImageNet's weights, as `weights <network>`. */
export function newWeights(
  networks: ReadonlyMap<string, Pick<NamedNetwork, "weights">> = namedNetworks,
): Setups {
  const find = (name: string): RequiredFile => {
    const network = name.replace(/^weights ?/, "");
    const found = imagenetWeights(network, networks);
    if (found !== undefined) return found;
    const near = suggest(network, [...networks.keys()], "networks");
    throw new StepError(`no network ${network} is known by name; ${near}`);
  };
  return {
    list: (home) =>
      [...networks.keys()].map((network) => {
        const name = `weights ${network}`;
        const file = find(name);
        const path = join(home, file.path);
        const there = existsSync(path) ? { there: { path, bytes: statSync(path).size } } : {};
        return { kind: "weights", name, title: file.what, parts: [partOf(file)], ...there };
      }),
    async bring(name, { home, from, gpu, signal, progress }) {
      const file = find(name);
      if (gpu) throw new StepError("weights are the same with and without a GPU: leave --gpu out");
      const part = partOf(file);
      return bringFile(file, {
        home,
        ...(from === undefined ? {} : { from }),
        signal,
        progress: (bytes) => progress(part, bytes),
      });
    },
    remove: async (name, home) => removeFile(find(name), home),
  };
}

function partOf({ path, bytes }: RequiredFile): Part {
  return { name: basename(path), bytes };
}
