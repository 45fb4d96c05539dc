import type { Features } from "../learning/features/rows.ts";
import type { Score } from "../learning/heads/scores.ts";
import { epochOrder, positionsOf } from "./batches.ts";
import { openCheckpoints } from "./checkpoints.ts";
import type { TrainContext, TrainParams } from "./declaration.ts";
import { standingAfter } from "./early-stopping.ts";
import { type EpochRecord, epochLine } from "./history.ts";
import { openKeeper } from "./keeper.ts";
import type { Method } from "./method.ts";
import { notFinite } from "./not-finite.ts";
import { scheduled } from "./schedule.ts";

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
  /** The epoch whose weights the method has now: the last, or the best where that was asked for. */
  readonly epoch: number;
  /** Epochs that a checkpoint had. */
  readonly reused: number;
  /** Spent on the others. */
  readonly seconds: number;
}

/**
 * Trains to the last epoch, or until it gets no better, from the nearest checkpoint on.
 *
 * @throws StepError where numbers are not finite any more: such a state is neither kept nor returned.
 */
export async function trainEpochs(fit: Fit): Promise<Trained> {
  const { ctx, params, features, training, method, store } = fit;
  const { epochs, earlyStopping, optimizer, batchSize } = params;
  const checkpoints = openCheckpoints(store, { epochs, ...(earlyStopping ? { earlyStopping } : {}) });
  const history = [...(await checkpoints.restore(method))];
  const reused = history.length;
  if (reused > 0) ctx.log(`going on from epoch ${reused}`);
  const tell = (): void => {
    const last = history.at(-1);
    const detail = last && { detail: epochLine(last) };
    ctx.progress({ done: history.length, total: epochs, unit: "epochs", reused, ...detail });
  };
  tell();
  if (!(await method.isFinite())) {
    const place = `after epoch ${reused}`;
    throw await notFinite(features, { what: "what was kept", place, rate: optimizer.learningRate });
  }
  const validation = positionsOf(features, "validation");
  const rateOf = scheduled(params, Math.ceil(training.length / batchSize));
  const standing = () => (earlyStopping ? standingAfter(history, earlyStopping) : undefined);
  const isOver = (): boolean => history.length === epochs || standing()?.end !== undefined;
  const keeper = openKeeper(method, checkpoints);
  const started = performance.now();
  while (!isOver()) {
    const epoch = history.length + 1;
    const trained = await trainEpoch(fit, epoch, rateOf);
    const isModel = epoch === epochs || earlyStopping !== undefined;
    const checked = await scoreAfter(fit, validation, isModel);
    // Every score so far was taken before the last step.
    if (!(await method.isFinite()) || !Number.isFinite(checked.loss)) {
      const { step, rate } = trained;
      const place = `after epoch ${epoch}, step ${step}`;
      throw await notFinite(features, { what: "what the head computes", place, rate });
    }
    const record = {
      epoch,
      loss: trained.loss / training.length,
      accuracy: trained.correct / training.length,
      validationLoss: validation.length > 0 ? checked.loss / validation.length : null,
      validationAccuracy: validation.length > 0 ? checked.correct / validation.length : null,
    };
    history.push(record);
    ctx.log(epochLine(record));
    const isBest = standing()?.best === epoch;
    await keeper.after(history, isBest || isOver());
    tell();
  }
  await keeper.end();
  const seconds = reused === history.length ? 0 : (performance.now() - started) / 1000;
  const epoch = standing()?.best ?? history.length;
  if (earlyStopping) await checkpoints.bring(method, epoch);
  return { history, epoch, reused, seconds };
}

interface EpochScore extends Score {
  /** Of the last step: its number since training began, and its learning rate. */
  readonly step: number;
  readonly rate: number;
}

async function trainEpoch(
  { ctx, params, features, training, method }: Fit,
  epoch: number,
  rateOf: (step: number) => number,
): Promise<EpochScore> {
  const { batchSize } = params;
  const before = (epoch - 1) * Math.ceil(training.length / batchSize);
  const order = epochOrder(training, params, epoch);
  let steps = 0;
  let loss = 0;
  let correct = 0;
  for await (const score of method.steps(order, (step) => rateOf(before + step), before)) {
    ctx.signal.throwIfAborted();
    if (!Number.isFinite(score.loss)) {
      const place = `in epoch ${epoch}, step ${before + steps + 1}`;
      const batch = order.subarray(steps * batchSize, (steps + 1) * batchSize);
      throw await notFinite(features, { what: "the loss", place, rate: rateOf(before + steps), batch });
    }
    steps++;
    loss += score.loss;
    correct += score.correct;
  }
  return { loss, correct, step: before + steps, rate: rateOf(before + steps - 1) };
}

/** The score of the validation rows; of a model to be, where there are none, that of a few training rows. */
async function scoreAfter(
  { params, training, method }: Fit,
  validation: Int32Array,
  isModel: boolean,
): Promise<Score> {
  if (validation.length > 0) return method.score(validation);
  return isModel ? method.score(training.subarray(0, params.batchSize)) : { loss: 0, correct: 0 };
}
