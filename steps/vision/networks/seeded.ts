import { randomStream } from "../../compute/random.ts";
import { lengthOf, type Shape, type Tensor } from "../graph/graph.ts";
import type { Preprocessing } from "../preprocessing.ts";
import { knownLayers } from "../translate/weight-shapes.ts";
import { type SeededFactors, seededFactors } from "./seeded-factors.ts";
import type { Topology, Weights } from "./topology.ts";

/**
 * Deterministic random weights that need no download. Convolutions are
 * He-normal (He et al., "Delving Deep into Rectifiers", 2015), with the gain of
 * the activation before them; biases are zero, normalizations the identity, but
 * for the constants of `seededFactors`: ‖x‖² of what a network gives is between
 * 1e4 and 1e5, or near it, which is what a head can learn from.
 */
export function seededWeights(topology: Topology, { scaling }: Pick<Preprocessing, "scaling">): Weights {
  const known = knownLayers(topology, [224, 224]);
  const factors = seededFactors(topology, known, scaling);
  const weights = new Map<string, Record<string, Tensor>>();
  for (const [path, { weights: shapes }] of known) {
    const own: Record<string, Tensor> = {};
    for (const [role, shape] of Object.entries(shapes)) {
      own[role] = { shape, data: valuesOf(path, role, shape, factors(path)) };
    }
    weights.set(path, own);
  }
  return weights;
}

function valuesOf(layer: string, role: string, shape: Shape, factors: SeededFactors): Float32Array {
  const length = lengthOf(shape);
  const { gain, scale, bias } = factors;
  switch (role) {
    case "kernel":
      return normal(layer, length, Math.sqrt((gain * (shape.at(-1) as number)) / length) * scale);
    case "depthwise_kernel": {
      // A value comes from one channel.
      const [height, width] = shape as readonly [number, number];
      return normal(`${layer}/${role}`, length, Math.sqrt(gain / (height * width)));
    }
    case "pointwise_kernel":
      return normal(`${layer}/${role}`, length, Math.sqrt((shape.at(-1) as number) / length) * scale);
    case "bias":
      return new Float32Array(length).fill(bias);
    case "gamma":
      return new Float32Array(length).fill(scale);
    case "moving_variance":
    case "variance":
      return new Float32Array(length).fill(1);
    case "mean":
      // Of pixels from 0 to 1.
      return new Float32Array(length).fill(0.5);
    default:
      return new Float32Array(length);
  }
}

/** Nearly normal values: the sum of four uniform ones (mean 2, variance 1/3). Exact arithmetic, the same everywhere. */
function normal(stream: string, length: number, deviation: number): Float32Array {
  const random = randomStream(0, stream);
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
