import type { Setups } from "../engine/machine.ts";
import { newSetups } from "./compute/runtimes/setup.ts";
import { newWeights } from "./vision/networks/weights-setup.ts";

/** All that can be brought beside flow. */
export function allSetups(runtimes: Setups = newSetups(), weights: Setups = newWeights()): Setups {
  const owner = (name: string): Setups => (/^weights( |$)/.test(name) ? weights : runtimes);
  return {
    list: (home) => [...runtimes.list(home), ...weights.list(home)],
    bring: (name, options) => owner(name).bring(name, options),
    remove: (name, home) => owner(name).remove(name, home),
  };
}
