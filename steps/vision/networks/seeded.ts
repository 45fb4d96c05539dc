import { randomStream } from "../../compute/random.ts";
import type { Tensor } from "../graph/graph.ts";
import { knownLayers } from "../translate/weight-shapes.ts";
import type { Topology, Weights } from "./topology.ts";

/**
 * Deterministic random weights that need no download. Convolutions are
 * He-normal (He et al., "Delving Deep into Rectifiers", 2015), biases zero,
 * normalizations the identity but for two constants: the last one of each
 * residual block is small, so that depth does not make the values explode, and
 * the first one brings pixels of 0 to 255 down to a size that a head can learn
 * from: ‖x‖² of a 7 × 7 × 2048 output is between 1e4 and 1e5.
 */
export function seededWeights(topology: Topology): Weights {
  const firstNorm = topology.calls.find(({ layer }) => layer.className === "BatchNormalization")?.layer.path;
  const weights = new Map<string, Record<string, Tensor>>();
  for (const [path, known] of knownLayers(topology, [224, 224])) {
    const own: Record<string, Tensor> = {};
    for (const [role, shape] of Object.entries(known.weights)) {
      const gamma = path === firstNorm ? INPUT_SCALE : path.endsWith("_3_bn") ? RESIDUAL_SCALE : 1;
      own[role] = { shape, data: valuesOf(path, role, shape, gamma) };
    }
    weights.set(path, own);
  }
  return weights;
}

const INPUT_SCALE = 0.005;
const RESIDUAL_SCALE = 0.25;

function valuesOf(layer: string, role: string, shape: readonly number[], gamma: number): Float32Array {
  const length = shape.reduce((product, size) => product * size, 1);
  switch (role) {
    case "kernel":
      return normal(layer, length, Math.sqrt((2 * (shape.at(-1) as number)) / length));
    case "gamma":
      return new Float32Array(length).fill(gamma);
    case "moving_variance":
      return new Float32Array(length).fill(1);
    default:
      return new Float32Array(length);
  }
}

/** Nearly normal values: the sum of four uniform ones (mean 2, variance 1/3). Exact arithmetic, the same everywhere. */
function normal(layer: string, length: number, deviation: number): Float32Array {
  const random = randomStream(0, layer);
  const factor = (deviation * Math.sqrt(3)) / 65536;
  const values = new Float32Array(length);
  for (let at = 0; at < length; at++) {
    const a = random.bits();
    const b = random.bits();
    const sum = (a & 0xffff) + (a >>> 16) + (b & 0xffff) + (b >>> 16) + 2;
    values[at] = (sum - 2 * 65536) * factor;
  }
  return values;
}
