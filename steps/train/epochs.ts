import { StepError } from "../../engine/step-type.ts";
import { firstNotFiniteRow, notFiniteRow } from "../learning/features/not-finite.ts";
import type { Features } from "../learning/features/rows.ts";
import type { Score } from "../learning/heads/scores.ts";
import { epochOrder, positionsOf } from "./batches.ts";
import { type EpochRecord, openCheckpoints } from "./checkpoints.ts";
import type { TrainContext, TrainParams } from "./declaration.ts";
import type { Method } from "./method.ts";

export interface Fit {
  readonly ctx: TrainContext;
  readonly params: TrainParams;
  readonly features: Features;
  /** Positions of the training rows. */
  readonly training: Int32Array;
  readonly method: Method;
  readonly store: ReturnType<TrainContext["store"]>;
}

export interface Trained {
  readonly history: readonly EpochRecord[];
  /** Epochs that a checkpoint had. */
  readonly reused: number;
  /** Spent on the others. */
  readonly seconds: number;
}

/**
 * Trains to the last epoch, from the nearest checkpoint on.
 *
 * @throws StepError where numbers are not finite any more: such a state is neither kept nor returned.
 */
export async function trainEpochs(fit: Fit): Promise<Trained> {
  const { ctx, params, features, training, method, store } = fit;
  const { epochs } = params;
  const checkpoints = openCheckpoints(store);
  const restored = await checkpoints.restore(method, epochs);
  const reused = restored.length;
  const history = [...restored];
  if (reused > 0) ctx.log(`going on from epoch ${reused}`);
  const tell = (): void => ctx.progress({ done: history.length, total: epochs, unit: "epochs", reused });
  tell();
  if (!method.isFinite()) throw await notFinite(fit, "what was kept", `after epoch ${reused}`);
  if (reused === epochs) return { history, reused, seconds: 0 };

  const validation = positionsOf(features, "validation");
  const pace = keepingPace();
  const started = performance.now();
  for (let epoch = reused + 1; epoch <= epochs; epoch++) {
    const trained = await trainEpoch(fit, epoch);
    const checked = await scoreAfter(fit, validation, epoch === epochs);
    // Every score so far was taken before the last step.
    if (!method.isFinite() || !Number.isFinite(checked.loss)) {
      const place = `after epoch ${epoch}, step ${trained.step}`;
      throw await notFinite(fit, "what the head computes", place, trained.rate);
    }
    history.push({
      epoch,
      loss: trained.loss / training.length,
      accuracy: trained.correct / training.length,
      validationLoss: validation.length > 0 ? checked.loss / validation.length : null,
      validationAccuracy: validation.length > 0 ? checked.correct / validation.length : null,
    });
    if (epoch === epochs || pace.isDue()) await pace.keep(() => checkpoints.keep(method, history));
    tell();
  }
  return { history, reused, seconds: (performance.now() - started) / 1000 };
}

interface EpochScore extends Score {
  /** Of the last step: its number since training began, and its learning rate. */
  readonly step: number;
  readonly rate: number;
}

async function trainEpoch(fit: Fit, epoch: number): Promise<EpochScore> {
  const { ctx, params, training, method } = fit;
  const { learningRate, decay } = params.optimizer;
  const before = (epoch - 1) * Math.ceil(training.length / params.batchSize);
  const rateOf = (step: number): number => learningRate / (1 + decay * (before + step));
  let steps = 0;
  let loss = 0;
  let correct = 0;
  for await (const score of method.steps(epochOrder(training, params, epoch), rateOf, before)) {
    ctx.signal.throwIfAborted();
    steps++;
    if (!Number.isFinite(score.loss)) {
      const place = `in epoch ${epoch}, step ${before + steps}`;
      throw await notFinite(fit, "the loss", place, rateOf(steps - 1));
    }
    loss += score.loss;
    correct += score.correct;
  }
  return { loss, correct, step: before + steps, rate: rateOf(steps - 1) };
}

/** The score of the validation rows; at the very end, where there are none, that of a few training rows. */
async function scoreAfter(
  { params, training, method }: Fit,
  validation: Int32Array,
  isLast: boolean,
): Promise<Score> {
  if (validation.length > 0) return method.score(validation);
  return isLast ? method.score(training.subarray(0, params.batchSize)) : { loss: 0, correct: 0 };
}

/** Rows that were not finite to begin with are no matter of the learning rate. */
async function notFinite(
  { features, params }: Fit,
  what: string,
  place: string,
  rate: number = params.optimizer.learningRate,
): Promise<StepError> {
  const picture = await firstNotFiniteRow(features, [...features.index.keys()]);
  if (picture !== undefined) return notFiniteRow(picture);
  return new StepError(
    `${what} is not a finite number any more ${place} (learning rate ${rate}): try a smaller optimizer.learningRate`,
  );
}

/** Keeps checkpoints a fifth of the time at most: after each, four times its own cost passes before the next is due. */
function keepingPace(): { isDue(): boolean; keep(write: () => Promise<void>): Promise<void> } {
  let cost = 0;
  let last = performance.now();
  return {
    isDue: () => performance.now() - last >= 4 * cost,
    async keep(write) {
      const started = performance.now();
      await write();
      last = performance.now();
      cost = last - started;
    },
  };
}
