import { join } from "node:path";
import type { JsonObject } from "../../engine/json.ts";
import { StepError } from "../../engine/step-type.ts";
import { type Features, openFeatures } from "../learning/features/rows.ts";
import { writeModel } from "../learning/heads/model.ts";
import { writeTable } from "../learning/tables/csv.ts";
import { batches, epochOrder, positionsOf } from "./batches.ts";
import { type EpochRecord, openCheckpoints } from "./checkpoints.ts";
import type { TrainContext, TrainParams } from "./declaration.ts";
import { initialState, openTrainer, type Score, type Trainer, type TrainState } from "./sgd.ts";

/** Trains the head and writes the model: `model.json`, `weights.bin`, `history.csv`. */
export async function run(ctx: TrainContext): Promise<void> {
  const { params } = ctx;
  const input = ctx.inputs.features;
  const features = await openFeatures(input.path, ctx.openStore);
  try {
    const training = positionsOf(features, "train");
    if (training.length === 0) throw new StepError("the features hold no images of the split train");
    if (features.classes.length < 2) throw new StepError("there is only one class to learn");
    const { epochs, ...rest } = params;
    // Whatever can change a byte of a checkpoint names the store; the number of epochs cannot.
    const store = ctx.store({ features: input.digest, ...rest, runtime: "onnxruntime" } as JsonObject);
    const sizes = [features.rowLength, ...params.hidden, features.classes.length];
    const state = initialState(sizes, params.seed);
    const { history, reused, seconds } = await trainEpochs({ ctx, params, features, training, state, store });
    await writeResult(ctx, features, params, state, history);
    const last = history.at(-1) as EpochRecord;
    const computed = epochs - reused;
    ctx.metric({ epochs, computed, reused });
    ctx.metric({ accuracy: last.accuracy, validationAccuracy: last.validationAccuracy });
    if (computed > 0) ctx.metric({ secondsPerEpoch: Number((seconds / computed).toFixed(3)) });
  } finally {
    await features.close();
  }
}

interface Training {
  readonly ctx: TrainContext;
  readonly params: TrainParams;
  readonly features: Features;
  readonly training: Int32Array;
  readonly state: TrainState;
  readonly store: ReturnType<TrainContext["store"]>;
}

/** Brings the state to the last epoch, from the nearest checkpoint on. */
async function trainEpochs({ ctx, params, features, training, state, store }: Training): Promise<{
  history: readonly EpochRecord[];
  /** Epochs that a checkpoint had. */
  reused: number;
  /** Spent on the others. */
  seconds: number;
}> {
  const { epochs } = params;
  const checkpoints = openCheckpoints(store);
  const restored = await checkpoints.restore(state, epochs);
  const reused = restored.length;
  const history = [...restored];
  if (reused > 0) ctx.log(`going on from epoch ${reused}`);
  const tell = (): void => ctx.progress({ done: history.length, total: epochs, unit: "epochs", reused });
  tell();
  if (reused === epochs) return { history, reused, seconds: 0 };

  const validation = positionsOf(features, "validation");
  const trainer = await openTrainer(state, params.optimizer.momentum);
  const pace = keepingPace();
  const started = performance.now();
  try {
    for (let epoch = reused + 1; epoch <= epochs; epoch++) {
      const trained = await trainEpoch({ ctx, params, features, training, trainer }, epoch);
      const checked = await scoreAll(ctx, features, validation, params.batchSize, trainer);
      if (checked && !Number.isFinite(checked.loss)) throw diverged(epoch, trained.steps, trained.rate);
      history.push({
        epoch,
        loss: trained.loss / training.length,
        accuracy: trained.correct / training.length,
        validationLoss: checked && checked.loss / validation.length,
        validationAccuracy: checked && checked.correct / validation.length,
      });
      if (epoch === epochs || pace.isDue()) await pace.keep(() => checkpoints.keep(state, history));
      tell();
    }
  } finally {
    await trainer.close();
  }
  return { history, reused, seconds: (performance.now() - started) / 1000 };
}

interface Epoch extends Pick<Training, "ctx" | "params" | "features" | "training"> {
  readonly trainer: Trainer;
}

interface EpochScore extends Score {
  /** Steps since training began, and the learning rate of the last one. */
  readonly steps: number;
  readonly rate: number;
}

async function trainEpoch(fit: Epoch, epoch: number): Promise<EpochScore> {
  const { ctx, params, features, training, trainer } = fit;
  const { learningRate, decay } = params.optimizer;
  const stepsPerEpoch = Math.ceil(training.length / params.batchSize);
  let step = (epoch - 1) * stepsPerEpoch;
  let rate = learningRate;
  let loss = 0;
  let correct = 0;
  for await (const { x, labels, rows } of batches(
    features,
    epochOrder(training, params, epoch),
    params.batchSize,
  )) {
    ctx.signal.throwIfAborted();
    rate = learningRate / (1 + decay * step);
    const score = await trainer.step(x, labels, rows, rate);
    step++;
    if (!Number.isFinite(score.loss)) throw diverged(epoch, step, rate);
    loss += score.loss;
    correct += score.correct;
  }
  return { loss, correct, steps: step, rate };
}

function diverged(epoch: number, step: number, rate: number): StepError {
  return new StepError(
    `the loss is not a finite number any more in epoch ${epoch}, step ${step} (learning rate ${rate}): ` +
      "try a smaller optimizer.learningRate",
  );
}

async function scoreAll(
  ctx: TrainContext,
  features: Features,
  positions: Int32Array,
  size: number,
  trainer: Trainer,
): Promise<Score | null> {
  if (positions.length === 0) return null;
  let loss = 0;
  let correct = 0;
  for await (const { x, labels, rows } of batches(features, positions, size)) {
    ctx.signal.throwIfAborted();
    const score = await trainer.evaluate(x, labels, rows);
    loss += score.loss;
    correct += score.correct;
  }
  return { loss, correct };
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

async function writeResult(
  ctx: TrainContext,
  features: Features,
  { hidden }: TrainParams,
  { layers }: TrainState,
  history: readonly EpochRecord[],
): Promise<void> {
  const { preprocessing, network, layer, weights, pool, runtime } = features.manifest;
  const folder = ctx.output("model");
  const description = {
    classes: features.classes,
    preprocessing,
    extractor: { network, layer, weights, pool, runtime },
    inputLength: features.rowLength,
    layers: [
      ...hidden.map((units) => ({ units, activation: "relu" as const })),
      { units: features.classes.length, activation: "softmax" as const },
    ],
  };
  await writeModel(folder, description, layers);
  const columns = ["epoch", "loss", "accuracy", "validationLoss", "validationAccuracy"] as const;
  const lines = history.map((record) => columns.map((column) => record[column] ?? ""));
  await writeTable(join(folder, "history.csv"), columns, lines);
}
