import type { Layer, Tensor } from "../networks/topology.ts";

/** y = scale · x + shift, per channel. */
export interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/**
 * What a batch normalization does at inference (Ioffe and Szegedy, 2015):
 * gamma · (x − mean) / √(variance + epsilon) + beta. Keras' default epsilon is 1e-3.
 */
export function affineOf(layer: Layer, weights: Readonly<Record<string, Tensor>>): Affine {
  const { gamma, beta, moving_mean: mean, moving_variance: variance } = weights;
  if (mean === undefined || variance === undefined) throw new Error(`${layer.name} was not checked`);
  const epsilon = typeof layer.config.epsilon === "number" ? layer.config.epsilon : 1e-3;
  const scale = Float64Array.from(variance.data, (value, at) => {
    return (gamma?.data[at] ?? 1) / Math.sqrt(value + epsilon);
  });
  const shift = Float64Array.from(scale, (value, at) => {
    return (beta?.data[at] ?? 0) - (mean.data[at] as number) * value;
  });
  return { scale, shift };
}
