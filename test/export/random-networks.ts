import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openNetwork } from "../../steps/vision/networks/open.ts";
import type { Scaling } from "../../steps/vision/preprocessing.ts";
import { type WholeModel, wholeModel } from "./whole-models.ts";

/** Networks as Keras saved them (bench/golden/networks_random.py): no hand has chosen their layers. */
const golden = new URL("../golden/keras/random/", import.meta.url).pathname;
export const randomNetworks = readdirSync(golden).sort();

interface Case {
  readonly path: string;
  readonly h5?: string;
  readonly layer: string;
  readonly pool?: "average" | "max";
  readonly size: [number, number];
  readonly scaling: Scaling;
  readonly count: number;
}

export interface RandomModel extends WholeModel {
  readonly pixels: Uint8Array;
  /** count, height, width, 3. */
  readonly dims: readonly number[];
}

/** @param folder empty, for the model. */
export async function randomModel(name: string, folder: string): Promise<RandomModel> {
  const text = readFileSync(join(golden, name, "case.json"), "utf8");
  const { path, h5, layer, pool = "none", size, scaling, count } = JSON.parse(text) as Case;
  const pixels = new Uint8Array(readFileSync(join(golden, name, "pixels.bin")));
  const options = async () => {
    const network = await openNetwork({
      path: join(golden, name, path),
      weights: h5 === undefined ? { kind: "own" } : { kind: "h5", path: join(golden, name, h5) },
    });
    return { network, layer, pool, size, scaling } as const;
  };
  return { ...(await wholeModel(options, pixels, { count, folder })), pixels, dims: [count, ...size, 3] };
}
