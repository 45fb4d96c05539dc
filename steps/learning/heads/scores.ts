/** How well logits fit labels: the same for training, validation and the report. */

/** The class with the highest logit, by row; the first of equals, as NumPy's argmax. */
export function predictedOf(logits: Float32Array, rows: number): Int32Array {
  const classes = logits.length / rows;
  return Int32Array.from({ length: rows }, (_, row) =>
    highest(logits.subarray(row * classes, (row + 1) * classes)),
  );
}

/** Each row becomes a probability distribution, in place. */
export function softmax(logits: Float32Array, rows: number): Float32Array {
  const classes = logits.length / rows;
  for (let row = 0; row < rows; row++) {
    const values = logits.subarray(row * classes, (row + 1) * classes);
    const top = values[highest(values)] as number;
    let sum = 0;
    for (const value of values) sum += Math.exp(value - top);
    for (let j = 0; j < classes; j++) values[j] = Math.exp((values[j] as number) - top) / sum;
  }
  return logits;
}

/** What cross-entropy is told. */
export interface LossChoices {
  /** How much of each label is spread over all classes, itself among them. */
  readonly labelSmoothing: number;
  /** By label, of the loss; default: 1 each. */
  readonly classWeights?: readonly number[];
}

/** Sums over the rows of a batch. */
export interface Score {
  /** Softmax cross-entropy. */
  readonly loss: number;
  readonly correct: number;
}

/** Cross-entropy from logits, without the overflow: log Σ exp(z) − z[label]. */
export function scoreOf(
  logits: Float32Array,
  labels: Int32Array,
  rows: number,
  { labelSmoothing, classWeights }: LossChoices = { labelSmoothing: 0 },
): Score {
  const classes = logits.length / rows;
  let loss = 0;
  let correct = 0;
  for (let row = 0; row < rows; row++) {
    const z = logits.subarray(row * classes, (row + 1) * classes);
    const label = labels[row] as number;
    const at = highest(z);
    const top = z[at] as number;
    let sum = 0;
    for (const value of z) sum += Math.exp(value - top);
    const own = z[label] as number;
    const target = labelSmoothing === 0 ? own : own + labelSmoothing * (meanOf(z) - own);
    loss += (classWeights?.[label] ?? 1) * (top + Math.log(sum) - target);
    if (at === label) correct++;
  }
  return { loss, correct };
}

/**
 * Of the loss, divided by the number of rows, at the logits: rows × classes.
 * With weights that is Keras' mean: over the rows, whatever their weights add up to.
 */
export function lossGradient(
  logits: Float32Array,
  labels: Int32Array,
  rows: number,
  { labelSmoothing, classWeights }: LossChoices,
): Float32Array {
  const classes = logits.length / rows;
  const gradient = softmax(Float32Array.from(logits), rows);
  for (let row = 0; row < rows; row++) {
    const label = labels[row] as number;
    const weight = classWeights?.[label] ?? 1;
    for (let j = 0; j < classes; j++) {
      const target = (j === label ? 1 - labelSmoothing : 0) + labelSmoothing / classes;
      const at = row * classes + j;
      gradient[at] = (gradient[at] as number) - target;
      gradient[at] = (weight * (gradient[at] as number)) / rows;
    }
  }
  return gradient;
}

function meanOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function highest(values: Float32Array): number {
  let best = 0;
  for (let at = 1; at < values.length; at++) {
    if ((values[at] as number) > (values[best] as number)) best = at;
  }
  return best;
}
