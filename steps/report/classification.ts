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
 * The figures of sklearn.metrics.classification_report. A quotient without
 * anything to divide by is 0, as with its zero_division=0.
 */
export function classify(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  names: readonly string[],
): Classification {
  const confusion = names.map(() => names.map(() => 0));
  for (let at = 0; at < truth.length; at++) {
    const row = confusion[truth[at] as number] as number[];
    row[predicted[at] as number] = (row[predicted[at] as number] as number) + 1;
  }
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const right = confusion.map((row, label) => row[label] as number);
  const classes = names.map((name, label): ClassScore => {
    const support = sum(confusion[label] as number[]);
    const predictions = sum(confusion.map((row) => row[label] as number));
    const precision = ratio(right[label] as number, predictions);
    const recall = ratio(right[label] as number, support);
    // From counts, as scikit-learn does: from precision and recall the last digit may differ.
    const f1 = ratio(2 * (right[label] as number), support + predictions);
    return { class: name, precision, recall, f1, support };
  });
  const total = truth.length;
  const mean = (name: string, weight: (score: ClassScore) => number): ClassScore => {
    const over = (field: "precision" | "recall" | "f1"): number =>
      ratio(sum(classes.map((score) => score[field] * weight(score))), sum(classes.map(weight)));
    return {
      class: name,
      precision: over("precision"),
      recall: over("recall"),
      f1: over("f1"),
      support: total,
    };
  };
  return {
    accuracy: ratio(sum(right), total),
    classes,
    macro: mean("macro avg", () => 1),
    weighted: mean("weighted avg", ({ support }) => support),
    confusion,
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** The text of sklearn.metrics.classification_report (digits=2), character for character. */
export function classificationText({ accuracy, classes, macro, weighted }: Classification): string {
  const width = Math.max(...classes.map((score) => score.class.length), weighted.class.length);
  const cell = (text: string | number): string => ` ${String(text).padStart(9)}`;
  const row = ({ class: name, precision, recall, f1, support }: ClassScore): string =>
    `${name.padStart(width)} ${[precision, recall, f1].map((value) => cell(twoDigits(value))).join("")}${cell(support)}`;
  const header = `${" ".repeat(width)} ${["precision", "recall", "f1-score", "support"].map(cell).join("")}`;
  const total = `${"accuracy".padStart(width)} ${cell("")}${cell("")}${cell(twoDigits(accuracy))}${cell(macro.support)}`;
  return [header, "", ...classes.map(row), "", total, row(macro), row(weighted), ""].join("\n");
}

/** Python rounds the four exact halves (0.125, 0.375, …) to even, JavaScript up. */
function twoDigits(value: number): string {
  if (!Number.isInteger(value * 8) || (value * 8) % 2 === 0) return value.toFixed(2);
  const below = Math.floor(value * 100);
  return ((below % 2 === 0 ? below : below + 1) / 100).toFixed(2);
}
