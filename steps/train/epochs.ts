import { StepError } from "../../engine/step-type.ts";
import { firstNotFiniteRow, notFiniteRow } from "../learning/features/not-finite.ts";
import type { Features } from "../learning/features/rows.ts";
import { areFinite } from "../learning/heads/model.ts";
import type { Score } from "../learning/heads/scores.ts";
import { batches, epochOrder, positionsOf } from "./batches.ts";
import { type EpochRecord, openCheckpoints } from "./checkpoints.ts";
import type { TrainContext, TrainParams } from "./declaration.ts";
import { openTrainer, type Trainer, type TrainState } from "./sgd.ts";

export interface Training {
  readonly ctx: TrainContext;
  readonly params: TrainParams;
  readonly features: Features;
  /** Positions of the training rows. */
  readonly training: Int32Array;
  /** Moved in place. */
  readonly state: TrainState;
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
 * Brings the state to the last epoch, from the nearest checkpoint on.
 *
 * @throws StepError where numbers are not finite any more: such a state is neither kept nor returned.
 */
export async function trainEpochs(fit: Training): Promise<Trained> {
  const { ctx, params, features, training, state, store } = fit;
  const { epochs } = params;
  const checkpoints = openCheckpoints(store);
  const restored = await checkpoints.restore(state, epochs);
  const reused = restored.length;
  const history = [...restored];
  if (reused > 0) ctx.log(`going on from epoch ${reused}`);
  const tell = (): void => ctx.progress({ done: history.length, total: epochs, unit: "epochs", reused });
  tell();
  if (!areFinite(state.layers)) throw await notFinite(fit, "what was kept", `after epoch ${reused}`);
  if (reused === epochs) return { history, reused, seconds: 0 };

  const validation = positionsOf(features, "validation");
  const trainer = await openTrainer(state, params.optimizer.momentum);
  const pace = keepingPace();
  const started = performance.now();
  try {
    for (let epoch = reused + 1; epoch <= epochs; epoch++) {
      const trained = await trainEpoch(fit, trainer, epoch);
      const checked = await scoreAfter(fit, trainer, validation, epoch === epochs);
      // Every score so far was taken before the last step.
      if (!areFinite(state.layers) || !Number.isFinite(checked.loss)) {
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
      if (epoch === epochs || pace.isDue()) await pace.keep(() => checkpoints.keep(state, history));
      tell();
    }
  } finally {
    await trainer.close();
  }
  return { history, reused, seconds: (performance.now() - started) / 1000 };
}

interface EpochScore extends Score {
  /** Of the last step: its number since training began, and its learning rate. */
  readonly step: number;
  readonly rate: number;
}

async function trainEpoch(fit: Training, trainer: Trainer, epoch: number): Promise<EpochScore> {
  const { ctx, params, features, training } = fit;
  const { learningRate, decay } = params.optimizer;
  const order = epochOrder(training, params, epoch);
  let step = (epoch - 1) * Math.ceil(training.length / params.batchSize);
  let rate = learningRate;
  let loss = 0;
  let correct = 0;
  for await (const { x, labels, rows } of batches(features, order, params.batchSize)) {
    ctx.signal.throwIfAborted();
    rate = learningRate / (1 + decay * step);
    const score = await trainer.step(x, labels, rows, rate);
    step++;
    if (!Number.isFinite(score.loss)) {
      throw await notFinite(fit, "the loss", `in epoch ${epoch}, step ${step}`, rate);
    }
    loss += score.loss;
    correct += score.correct;
  }
  return { loss, correct, step, rate };
}

/** The score of the validation rows; at the very end, where there are none, that of a few training rows. */
async function scoreAfter(
  { ctx, params, features, training }: Training,
  trainer: Trainer,
  validation: Int32Array,
  isLast: boolean,
): Promise<Score> {
  const few = isLast ? training.subarray(0, params.batchSize) : training.subarray(0, 0);
  const positions = validation.length > 0 ? validation : few;
  let loss = 0;
  let correct = 0;
  if (positions.length === 0) return { loss, correct };
  for await (const { x, labels, rows } of batches(features, positions, params.batchSize)) {
    ctx.signal.throwIfAborted();
    const score = await trainer.evaluate(x, labels, rows);
    loss += score.loss;
    correct += score.correct;
  }
  return { loss, correct };
}

/** Rows that were not finite to begin with are no matter of the learning rate. */
async function notFinite(
  { features, params }: Training,
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
