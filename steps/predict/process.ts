import { describeFailure, type Failure } from "../../engine/failure.ts";
import type { Picture, Prediction } from "../../engine/machine.ts";
import { type Classifier, type ClassifierOptions, openClassifier } from "./classifier.ts";

// A process of its own that predicts, since pictures come from anywhere and native
// libraries read them. It is told what by messages, and ends when its channel closes.

/** What it is told. */
export type ToPredictor =
  | ({ readonly kind: "open" } & Omit<ClassifierOptions, "note">)
  | { readonly kind: "predict"; readonly id: number; readonly pictures: readonly Picture[] }
  | { readonly kind: "close" };

/** What it tells. */
export type FromPredictor =
  | ({ readonly kind: "open" } & Pick<Classifier, "classes" | "batch" | "ahead">)
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "predicted"; readonly id: number; readonly predictions: readonly Prediction[] }
  | { readonly kind: "failed"; readonly id: number; readonly failure: Failure }
  | { readonly kind: "closed" };

let classifier: Classifier | undefined;
let own: readonly string[] = [];
/** What was asked for, and not begun. */
const waiting: Waiting[] = [];
/** What is computed one after the other: pictures are read for the next meanwhile. */
let last: Promise<void> = Promise.resolve();

// Ctrl-C and a closed terminal reach the whole group: who started it decides what they mean.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(1));
process.on("message", (message: ToPredictor) => {
  switch (message.kind) {
    case "open":
      return void answer(0, () => open(message));
    case "predict":
      return predict(message.id, message.pictures);
    case "close":
      last = last.then(() => answer(0, close));
      return;
    default:
      message satisfies never;
  }
});

async function open({ kind: _, ...options }: ToPredictor & { kind: "open" }): Promise<FromPredictor> {
  own = Object.values(options.folders);
  classifier = await openClassifier({ ...options, note: (text) => tell({ kind: "note", text }) });
  const { classes, batch, ahead } = classifier;
  return { kind: "open", classes, batch, ahead };
}

function predict(id: number, pictures: readonly Picture[]): void {
  const opened = classifier;
  if (opened === undefined) throw new Error("pictures came before the model");
  const looked = opened.look(pictures);
  // Heard where it is waited for.
  looked.catch(() => {});
  waiting.push({ id, count: pictures.length, looked });
  last = last.then(() => computeWaiting(opened));
}

interface Waiting {
  readonly id: number;
  readonly count: number;
  readonly looked: ReturnType<Classifier["look"]>;
}

/** Where several ask for less than a batch, the network computes as many as fit into one. */
async function computeWaiting({ batch, classify }: Classifier): Promise<void> {
  let count = 0;
  const fits = waiting.findIndex((one, at) => {
    count += one.count;
    return at > 0 && count > batch;
  });
  const taken = waiting.splice(0, fits < 0 ? waiting.length : fits);
  if (taken.length === 0) return;
  const looked = await Promise.allSettled(taken.map((one) => one.looked));
  const all = classify(looked.flatMap((one) => (one.status === "fulfilled" ? one.value : [])));
  // Heard by each that waits for its part.
  all.catch(() => {});
  let from = 0;
  for (const [at, { id, count }] of taken.entries()) {
    const begin = from;
    if (looked[at]?.status === "fulfilled") from += count;
    await answer(id, async () => {
      await taken[at]?.looked;
      return { kind: "predicted", id, predictions: (await all).slice(begin, begin + count) };
    });
  }
}

async function close(): Promise<FromPredictor> {
  await classifier?.close();
  return { kind: "closed" };
}

/** Tells what came of something, or why nothing did. */
async function answer(id: number, work: () => Promise<FromPredictor>): Promise<void> {
  try {
    tell(await work());
  } catch (error) {
    tell({ kind: "failed", id, failure: describeFailure(error, own) });
  }
}

function tell(message: FromPredictor): void {
  // Native libraries may keep threads of their own alive: the process ends here, not when it falls idle.
  if (process.connected) process.send?.(message, () => message.kind === "closed" && process.exit(0));
}
