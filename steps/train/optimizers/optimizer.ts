/** What moves the weights, with all that it is told: Keras 3's names and formulas (keras/src/optimizers). */
export type Optimizer = Sgd | Adam | Rmsprop;

interface Common {
  /** At the first step. */
  readonly learningRate: number;
  /** Time-based: learningRate / (1 + decay · step). */
  readonly decay: number;
  /** Decoupled, of every weight and bias: w ← w − w · weightDecay · rate, before the step. */
  readonly weightDecay: number;
}

export interface Sgd extends Common {
  readonly kind: "sgd";
  readonly momentum: number;
  readonly nesterov: boolean;
}

export interface Adam extends Common {
  readonly kind: "adam" | "adamw";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface Rmsprop extends Common {
  readonly kind: "rmsprop";
  readonly rho: number;
  readonly momentum: number;
  readonly epsilon: number;
}

const adam = { weightDecay: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

/** Keras' defaults, but for the momentum of SGD. */
const defaults = {
  sgd: { weightDecay: 0, momentum: 0.9, nesterov: false },
  adam,
  adamw: { ...adam, weightDecay: 0.004 },
  rmsprop: { weightDecay: 0, rho: 0.9, momentum: 0, epsilon: 1e-7 },
} satisfies Readonly<Record<Optimizer["kind"], object>>;

export const optimizerKinds = Object.keys(defaults) as readonly Optimizer["kind"][];

/** What a user says of an optimizer. */
export interface GivenOptimizer {
  readonly kind: Optimizer["kind"];
  readonly learningRate: number;
  readonly decay: number;
  readonly [parameter: string]: unknown;
}

/** With the defaults of its kind. */
export function completed(given: GivenOptimizer): Optimizer {
  return { ...defaults[given.kind], ...given } as Optimizer;
}

/** The kinds that have a parameter; all of them have those without a default here. */
export function kindsWith(parameter: string): readonly Optimizer["kind"][] {
  const owners = optimizerKinds.filter((kind) => parameter in defaults[kind]);
  return owners.length === 0 ? optimizerKinds : owners;
}
