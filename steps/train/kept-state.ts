import { join } from "node:path";
import { readLayers, writeLayers } from "../learning/heads/model.ts";
import type { TrainState } from "./state.ts";

/** `weights.bin`, and what the optimizer remembers in `velocities.bin` and `squares.bin`, all as a model has its layers. */
function filesOf({ layers, velocities, squares }: TrainState) {
  const files = [
    ["weights.bin", layers],
    ["velocities.bin", velocities],
    ["squares.bin", squares],
  ] as const;
  return files.filter(([, arrays]) => arrays.length > 0);
}

export async function keepState(folder: string, state: TrainState): Promise<void> {
  for (const [name, arrays] of filesOf(state)) await writeLayers(join(folder, name), arrays);
}

/** Into the arrays of `state`. */
export async function restoreState(folder: string, state: TrainState): Promise<void> {
  for (const [name, arrays] of filesOf(state)) await readLayers(join(folder, name), arrays);
}
