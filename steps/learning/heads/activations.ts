/** A function of one number, and its derivative. */
interface Curve {
  value(z: number): number;
  slope(z: number): number;
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Of Klambauer et al., "Self-Normalizing Neural Networks", 2017. */
const SELU = { scale: 1.0507009873554805, alpha: 1.6732632423543772 };

/** Keras 3's, with their defaults (keras/src/activations/activations.py). */
const curves = {
  relu: { value: (z) => (z < 0 ? 0 : z), slope: (z) => (z <= 0 ? 0 : 1) },
  tanh: { value: Math.tanh, slope: (z) => 1 - Math.tanh(z) ** 2 },
  sigmoid: { value: sigmoid, slope: (z) => sigmoid(z) * (1 - sigmoid(z)) },
  gelu: {
    value: (z) => z * normal(z),
    slope: (z) => normal(z) + (z * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI),
  },
  elu: { value: (z) => (z > 0 ? z : Math.expm1(z)), slope: (z) => (z > 0 ? 1 : Math.exp(z)) },
  selu: {
    value: (z) => SELU.scale * (z > 0 ? z : SELU.alpha * Math.expm1(z)),
    slope: (z) => SELU.scale * (z > 0 ? 1 : SELU.alpha * Math.exp(z)),
  },
  silu: { value: (z) => z * sigmoid(z), slope: (z) => sigmoid(z) * (1 + z * (1 - sigmoid(z))) },
  softplus: { value: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))), slope: sigmoid },
  leaky_relu: { value: (z) => (z > 0 ? z : 0.2 * z), slope: (z) => (z > 0 ? 1 : 0.2) },
  linear: { value: (z) => z, slope: () => 1 },
} as const satisfies Readonly<Record<string, Curve>>;

export type Activation = keyof typeof curves;

export const activationNames = Object.keys(curves) as readonly Activation[];

export function isActivation(name: unknown): name is Activation {
  return typeof name === "string" && Object.hasOwn(curves, name);
}

export function activated(sums: Float32Array, activation: Activation): Float32Array {
  return each(sums, curves[activation].value);
}

/** The derivative at the sums, where the activation was applied. */
export function slopesAt(sums: Float32Array, activation: Activation): Float32Array {
  return each(sums, curves[activation].slope);
}

function each(values: Float32Array, of: (z: number) => number): Float32Array {
  const results = new Float32Array(values.length);
  for (let at = 0; at < values.length; at++) results[at] = of(values[at] as number);
  return results;
}

/** The standard normal distribution function. */
function normal(z: number): number {
  return (1 + erf(z / Math.SQRT2)) / 2;
}

/** Abramowitz and Stegun 7.1.6, a series without cancellation; beyond 6 it is 1 in float64. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
