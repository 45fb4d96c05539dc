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

/** Sums over the rows of a batch. */
export interface Score {
  /** Softmax cross-entropy. */
  readonly loss: number;
  readonly correct: number;
}

/** Cross-entropy from logits, without the overflow: log Σ exp(z) − z[label]. */
export function scoreOf(logits: Float32Array, labels: Int32Array, rows: number): Score {
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
    loss += top + Math.log(sum) - (z[label] as number);
    if (at === label) correct++;
  }
  return { loss, correct };
}

function highest(values: Float32Array): number {
  let best = 0;
  for (let at = 1; at < values.length; at++) {
    if ((values[at] as number) > (values[best] as number)) best = at;
  }
  return best;
}
