/** How good the predictions of one class are. */
export interface ClassScore {
  /** The name of the class. */
  readonly class: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** How many images are of this class. */
  readonly support: number;
}

export interface Classification {
  readonly accuracy: number;
  /** By label. */
  readonly classes: readonly ClassScore[];
  /** The mean over classes. */
  readonly macro: ClassScore;
  /** The mean over classes, weighted by support. */
  readonly weighted: ClassScore;
  /** confusion[true label][predicted label]: how many images. */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * The figures of sklearn.metrics.classification_report, to the last bit: with
 * two digits, the last bit decides how a half is rounded. A quotient without
 * anything to divide by is 0, as with its zero_division=0.
 */
export function classify(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  names: readonly string[],
): Classification {
  const confusion = names.map(() => names.map(() => 0));
  const predictions = names.map(() => 0);
  for (let at = 0; at < truth.length; at++) {
    const [label, guess] = [truth[at] as number, predicted[at] as number];
    const row = confusion[label] as number[];
    row[guess] = (row[guess] as number) + 1;
    predictions[guess] = (predictions[guess] as number) + 1;
  }
  const right = confusion.map((row, label) => row[label] as number);
  const classes = names.map((name, label): ClassScore => {
    const hits = right[label] as number;
    const guesses = predictions[label] as number;
    const support = pairwiseSum(confusion[label] as number[]);
    return {
      class: name,
      precision: ratio(hits, guesses),
      recall: ratio(hits, support),
      // From counts, as scikit-learn does: from precision and recall the last digit may differ.
      f1: ratio(2 * hits, support + guesses),
      support,
    };
  });
  return {
    accuracy: ratio(pairwiseSum(right), truth.length),
    classes,
    macro: meanOf("macro avg", classes, () => 1),
    weighted: meanOf("weighted avg", classes, ({ support }) => support),
    confusion,
  };
}

function meanOf(
  name: string,
  classes: readonly ClassScore[],
  weight: (score: ClassScore) => number,
): ClassScore {
  const weights = pairwiseSum(classes.map(weight));
  const over = (field: "precision" | "recall" | "f1"): number =>
    ratio(pairwiseSum(classes.map((score) => score[field] * weight(score))), weights);
  const support = pairwiseSum(classes.map((score) => score.support));
  return { class: name, precision: over("precision"), recall: over("recall"), f1: over("f1"), support };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/**
 * A sum in the order in which NumPy adds (pairwise_sum in loops_utils.h.src):
 * one after the other up to 7 values, in 8 lanes up to 128, halves beyond.
 */
function pairwiseSum(values: readonly number[], from = 0, count = values.length): number {
  const value = (at: number): number => values[from + at] as number;
  if (count < 8) {
    let sum = 0;
    for (let at = 0; at < count; at++) sum += value(at);
    return sum;
  }
  if (count > 128) {
    const half = Math.floor(count / 2);
    const first = half - (half % 8);
    return pairwiseSum(values, from, first) + pairwiseSum(values, from + first, count - first);
  }
  const lanes = Array.from({ length: 8 }, (_, lane) => value(lane));
  const whole = count - (count % 8);
  for (let at = 8; at < whole; at++) lanes[at % 8] = (lanes[at % 8] as number) + value(at);
  const [a, b, c, d, e, f, g, h] = lanes as [number, number, number, number, number, number, number, number];
  let sum = a + b + (c + d) + (e + f + (g + h));
  for (let at = whole; at < count; at++) sum += value(at);
  return sum;
}

/** The text of sklearn.metrics.classification_report (digits=2), character for character. */
export function classificationText({ accuracy, classes, macro, weighted }: Classification): string {
  const names = [...classes, weighted].map((score) => lengthOf(score.class));
  const width = names.reduce((widest, length) => Math.max(widest, length));
  const cell = (text: string): string => ` ${text.padStart(9)}`;
  // Where nothing at all was right, scikit-learn's counts are floating-point numbers.
  const count = (support: number): string => cell(accuracy === 0 ? `${support}.0` : `${support}`);
  const row = ({ class: name, precision, recall, f1, support }: ClassScore): string => {
    const figures = [precision, recall, f1].map((value) => cell(twoDigits(value))).join("");
    return `${" ".repeat(width - lengthOf(name))}${name} ${figures}${count(support)}`;
  };
  const header = `${" ".repeat(width)} ${["precision", "recall", "f1-score", "support"].map(cell).join("")}`;
  const total = `${"accuracy".padStart(width)} ${cell("")}${cell("")}${cell(twoDigits(accuracy))}${count(macro.support)}`;
  return [header, "", ...classes.map(row), "", total, row(macro), row(weighted), ""].join("\n");
}

/** Python counts code points. */
function lengthOf(text: string): number {
  return [...text].length;
}

/** Python rounds the four exact halves (0.125, 0.375, …) to even, JavaScript up. */
function twoDigits(value: number): string {
  if (!Number.isInteger(value * 8) || (value * 8) % 2 === 0) return value.toFixed(2);
  const below = Math.floor(value * 100);
  return ((below % 2 === 0 ? below : below + 1) / 100).toFixed(2);
}
