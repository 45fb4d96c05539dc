import type { ModelIdentity, Prediction } from "../../engine/machine.ts";

/** What a client gets for its pictures. */
export interface Answer {
  /** 200 where one picture has a class; else 500 where a picture ended the process that computes, 422 where none can be read. */
  readonly status: 200 | 422 | 500;
  readonly body: {
    readonly predictions: readonly Entry[];
    readonly model: ModelIdentity;
  };
}

type Entry =
  | {
      readonly file: string;
      readonly predicted: string;
      /** By class. */
      readonly probabilities: Readonly<Record<string, number>>;
    }
  | { readonly file: string; readonly error: string };

export function answerOf(predictions: readonly Prediction[], model: ModelIdentity): Answer {
  return {
    status: statusOf(predictions),
    body: { predictions: predictions.map((one) => entryOf(one, model.classes)), model },
  };
}

function statusOf(predictions: readonly Prediction[]): Answer["status"] {
  if (predictions.some(({ kind }) => kind === "class")) return 200;
  return predictions.some((one) => one.kind === "bad" && one.isDeadly) ? 500 : 422;
}

function entryOf(one: Prediction, classes: readonly string[]): Entry {
  if (one.kind === "bad") return { file: one.name, error: one.reason };
  return {
    file: one.name,
    predicted: classes[one.predicted] as string,
    probabilities: Object.fromEntries(
      classes.map((name, at) => [name, one.probabilities[at] as number] as const),
    ),
  };
}
