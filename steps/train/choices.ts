import { StepError } from "../../engine/step-type.ts";
import type { Activation } from "../learning/heads/activations.ts";
import type { LossChoices } from "../learning/heads/scores.ts";
import type { TrainParams } from "./declaration.ts";

/** What is chosen for what lies above the first products. */
export interface UpperChoices extends LossChoices {
  /** Of every hidden layer. */
  readonly activations: readonly Activation[];
  /** Shares of the values that every hidden layer loses in training. */
  readonly dropout: readonly number[];
  /** Of what is lost. */
  readonly seed: number;
}

/** The images that are trained on. */
interface Labelled {
  readonly classes: readonly string[];
  /** Of each training image. */
  readonly labels: readonly number[];
}

/** @throws StepError where the classes are others than those that have weights. */
export function choicesOf(params: TrainParams, labelled: Labelled): UpperChoices {
  const { hidden, activation, dropout, labelSmoothing, seed } = params;
  const classWeights = weightsOf(params.classWeights, labelled);
  return {
    activations: byLayer(activation, hidden),
    dropout: byLayer(dropout, hidden),
    seed,
    labelSmoothing,
    ...(classWeights === undefined ? {} : { classWeights }),
  };
}

/** One value for all hidden layers, or one each. */
function byLayer<Value>(given: Value | readonly Value[], hidden: readonly number[]): readonly Value[] {
  return Array.isArray(given) ? given : hidden.map(() => given as Value);
}

function weightsOf(
  given: TrainParams["classWeights"],
  { classes, labels }: Labelled,
): readonly number[] | undefined {
  if (given === undefined) return undefined;
  if (given === "balanced") return balanced(classes, labels);
  const strange = Object.keys(given).filter((name) => !classes.includes(name));
  const missing = classes.filter((name) => !Object.hasOwn(given, name));
  if (strange.length > 0) {
    throw new StepError(`classWeights names ${strange.join(", ")}; the classes are ${classes.join(", ")}`);
  }
  if (missing.length > 0) throw new StepError(`classWeights has no weight for ${missing.join(", ")}`);
  return classes.map((name) => given[name] as number);
}

/** n / (classes · images of the class), as scikit-learn's compute_class_weight. */
function balanced(classes: readonly string[], labels: readonly number[]): readonly number[] {
  const counts = classes.map(() => 0);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  const empty = classes.filter((_, label) => counts[label] === 0);
  if (empty.length > 0) {
    throw new StepError(
      `classWeights: balanced needs training images of every class, and there are none of ${empty.join(", ")}`,
    );
  }
  return counts.map((count) => labels.length / (classes.length * count));
}
