import { join } from "node:path";
import { StepError } from "../../engine/step-type.ts";
import { type Features, openFeatures } from "../learning/features/rows.ts";
import type { Activation } from "../learning/heads/activations.ts";
import type { Dense } from "../learning/heads/dense.ts";
import { writeModel } from "../learning/heads/model.ts";
import { writeTable } from "../learning/tables/csv.ts";
import { positionsOf } from "./batches.ts";
import type { EpochRecord } from "./checkpoints.ts";
import { choicesOf } from "./choices.ts";
import type { TrainContext } from "./declaration.ts";
import { openDirect } from "./direct.ts";
import { trainEpochs } from "./epochs.ts";
import { completed } from "./optimizers/optimizer.ts";
import { ruleOf } from "./optimizers/rules.ts";
import { initialState } from "./state.ts";
import { storeName } from "./store-name.ts";

/** Trains the head and writes the model: `model.json`, `weights.bin`, `history.csv`. */
export async function run(ctx: TrainContext): Promise<void> {
  const { params } = ctx;
  const input = ctx.inputs.features;
  const features = await openFeatures(input.path, ctx.openStore);
  try {
    const training = positionsOf(features, "train");
    if (training.length === 0) throw new StepError("the features hold no images of the split train");
    if (features.classes.length < 2) throw new StepError("there is only one class to learn");
    const { epochs, batchSize } = params;
    const store = ctx.store(storeName(params, input.digest));
    const sizes = [features.rowLength, ...params.hidden, features.classes.length];
    const optimizer = completed(params.optimizer);
    const state = initialState(sizes, params.seed, ruleOf(optimizer).memory);
    const momentum = "momentum" in optimizer ? optimizer.momentum : 0;
    const upper = choicesOf(params);
    const method = await openDirect({ features, state, optimizer, momentum, upper, batchSize });
    const { history, reused, seconds } = await trainEpochs({
      ctx,
      params,
      features,
      training,
      method,
      store,
    });
    const activations = [...upper.activations, "softmax" as const];
    await writeResult(ctx, features, { layers: await method.layers(), activations, history });
    await method.close();
    const last = history.at(-1) as EpochRecord;
    const computed = epochs - reused;
    ctx.metric({ epochs, computed, reused });
    ctx.metric({ accuracy: last.accuracy, validationAccuracy: last.validationAccuracy });
    if (computed > 0) ctx.metric({ secondsPerEpoch: Number((seconds / computed).toFixed(3)) });
  } finally {
    await features.close();
  }
}

interface Result {
  readonly layers: readonly Dense[];
  /** Of each layer. */
  readonly activations: readonly (Activation | "softmax")[];
  readonly history: readonly EpochRecord[];
}

async function writeResult(
  ctx: TrainContext,
  features: Features,
  { layers, activations, history }: Result,
): Promise<void> {
  const { preprocessing, network, layer, weights, pool, runtime, precision, dtype } = features.manifest;
  const folder = ctx.output("model");
  const description = {
    classes: features.classes,
    preprocessing,
    extractor: {
      ...{ network, layer, weights, pool, runtime, precision },
      ...(dtype === "float32" ? {} : { dtype }),
    },
    inputLength: features.rowLength,
    layers: layers.map(({ units }, at) => ({ units, activation: activations[at] ?? "softmax" })),
  };
  await writeModel(folder, description, layers);
  const columns = ["epoch", "loss", "accuracy", "validationLoss", "validationAccuracy"] as const;
  const lines = history.map((record) => columns.map((column) => record[column] ?? ""));
  await writeTable(join(folder, "history.csv"), columns, lines);
}
