import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Network, openNetwork } from "../../steps/vision/networks/open.ts";
import type { Scaling } from "../../steps/vision/preprocessing.ts";

/** Networks as Keras saved them, and the features that it gave: bench/golden/networks_random.py and networks_keep.py. */
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

export interface RandomNetwork {
  /** Each time anew. */
  options(): Promise<
    { readonly network: Network; readonly pool: "none" | "average" | "max" } & Pick<
      Case,
      "layer" | "size" | "scaling"
    >
  >;
  readonly count: number;
  /** uint8, count × height × width × 3. */
  readonly pixels: Uint8Array;
  /** count, height, width, 3. */
  readonly dims: readonly number[];
  /** float32, count × row length. */
  readonly expected: Float32Array;
}

export function randomNetwork(name: string): RandomNetwork {
  const read = (file: string): Buffer => readFileSync(join(golden, name, file));
  const found = JSON.parse(String(read("case.json"))) as Case;
  const { path, h5, layer, pool = "none", size, scaling, count } = found;
  return {
    async options() {
      const network = await openNetwork({
        path: join(golden, name, path),
        weights: h5 === undefined ? { kind: "own" } : { kind: "h5", path: join(golden, name, h5) },
      });
      return { network, layer, pool, size, scaling };
    },
    count,
    pixels: new Uint8Array(read("pixels.bin")),
    dims: [count, ...size, 3],
    expected: new Float32Array(new Uint8Array(read("expected.bin")).buffer),
  };
}
