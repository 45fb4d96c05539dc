/** What an epoch came to; means over its images. */
export type EpochRecord = {
  readonly epoch: number;
  /** As the training saw it: with class weights, and with what dropout left. */
  readonly loss: number;
  readonly accuracy: number;
  /** `null` where there are no validation images. */
  readonly validationLoss: number | null;
  readonly validationAccuracy: number | null;
};

/** An epoch in a line of at most 76 characters, for whoever watches. */
export function epochLine(record: EpochRecord): string {
  const { epoch, loss, accuracy, validationLoss, validationAccuracy } = record;
  const training = `epoch ${epoch}: loss ${short(loss)}, accuracy ${short(accuracy)}`;
  if (validationLoss === null || validationAccuracy === null) return training;
  return `${training}; validation: ${short(validationLoss)}, ${short(validationAccuracy)}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
