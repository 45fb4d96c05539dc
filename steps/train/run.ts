import { join } from "node:path";
import { memoryLimit } from "../../engine/memory.ts";
import { StepError } from "../../engine/step-type.ts";
import type { LinearAlgebra } from "../compute/linear-algebra.ts";
import { type Features, openFeatures } from "../learning/features/rows.ts";
import type { Activation } from "../learning/heads/activations.ts";
import type { Dense } from "../learning/heads/dense.ts";
import { type ModelDescription, writeModel } from "../learning/heads/model.ts";
import { writeTable } from "../learning/tables/csv.ts";
import { historyColumns, historyFile } from "../learning/tables/history.ts";
import { labelsOf, positionsOf } from "./batches.ts";
import { refuseSmallMachine } from "./budget.ts";
import { choicesOf } from "./choices.ts";
import { chooseMethod } from "./choose-method.ts";
import type { TrainContext, TrainParams } from "./declaration.ts";
import { type Fit, type Trained, trainEpochs } from "./epochs.ts";
import type { EpochRecord } from "./history.ts";
import { normalizationOf } from "./normalized-rows.ts";
import { openAlgebra } from "./open-algebra.ts";
import { openMethod } from "./open-method.ts";
import { completed } from "./optimizers/optimizer.ts";
import { ruleOf } from "./optimizers/rules.ts";
import { sizeOf } from "./resolve.ts";
import { initialState } from "./state.ts";
import { storeName } from "./store-name.ts";

/** Trains the head and writes the model: `model.json`, `weights.bin`, `history.csv`. */
export async function run(ctx: TrainContext): Promise<void> {
  const { params } = ctx;
  const input = ctx.inputs.features;
  const features = await openFeatures(input.path, ctx.openStore);
  let algebra: LinearAlgebra | undefined;
  try {
    const training = positionsOf(features, "train");
    const validation = positionsOf(features, "validation");
    refuseLacks(params, features, { training, validation });
    const upper = choicesOf(params, {
      classes: features.classes,
      labels: [...labelsOf(features, training)],
    });
    const counts = { training: training.length, validation: validation.length };
    const { rowLength, classes } = features;
    const size = sizeOf(params, { ...counts, rowLength, classes: classes.length });
    const chosen = chooseMethod(params, size);
    refuseSmallMachine(chosen.bytes, params.memory, memoryLimit());
    const store = ctx.store(storeName(params, input.digest, chosen));
    const normalization = await normalizationOf(params.normalize, features, training);
    const optimizer = completed(params.optimizer);
    algebra = await openAlgebra(ctx);
    const method = await openMethod({
      ...{ ctx, features, normalization, chosen, training, validation, optimizer, upper, algebra },
      state: initialState(size.layers, params.seed, ruleOf(optimizer).memory),
    });
    const { history, epoch, reused, seconds } = await trainAnd(
      { ctx, params, features, training, method, store },
      async (trained) => {
        const layers = await method.layers();
        const description = descriptionOf(features, layers, upper.activations);
        const folder = ctx.output("model");
        await writeModel(folder, { description, layers, ...(normalization ? { normalization } : {}) });
        await writeHistory(folder, trained.history);
      },
    );
    const model = history[epoch - 1] as EpochRecord;
    const computed = history.length - reused;
    ctx.metric({ epochs: history.length, computed, reused });
    if (params.earlyStopping) ctx.metric({ bestEpoch: epoch });
    ctx.metric({ accuracy: model.accuracy, validationAccuracy: model.validationAccuracy });
    if (computed > 0) ctx.metric({ secondsPerEpoch: Number((seconds / computed).toFixed(3)) });
    ctx.metric({ method: chosen.method, device: algebra.device });
    if ("windowRows" in chosen) ctx.metric({ windowRows: chosen.windowRows });
  } finally {
    await algebra?.close();
    await features.close();
  }
}

/** Trains, does what is to be done with the method as it stands then, and closes it. */
async function trainAnd(options: Fit, then: (trained: Trained) => Promise<void>): Promise<Trained> {
  try {
    const trained = await trainEpochs(options);
    await then(trained);
    return trained;
  } finally {
    await options.method.close();
  }
}

function refuseLacks(
  { earlyStopping }: TrainParams,
  features: Features,
  { training, validation }: Readonly<Record<"training" | "validation", Int32Array>>,
): void {
  if (training.length === 0) throw new StepError("the features hold no images of the split train");
  if (features.classes.length < 2) throw new StepError("there is only one class to learn");
  const metric = earlyStopping?.metric;
  const isOfValidation = metric === "validationLoss" || metric === "validationAccuracy";
  if (isOfValidation && validation.length === 0) {
    throw new StepError(
      `earlyStopping goes by ${metric}, and the features hold no images of the split validation: take the metric loss or accuracy, or let the organize step deal some out`,
    );
  }
}

function descriptionOf(
  features: Features,
  layers: readonly Dense[],
  activations: readonly Activation[],
): ModelDescription {
  const { preprocessing, network, layer, weights, pool, runtime, precision, dtype } = features.manifest;
  return {
    classes: features.classes,
    preprocessing,
    extractor: {
      ...{ network, layer, weights, pool, runtime, precision },
      ...(dtype === "float32" ? {} : { dtype }),
    },
    inputLength: features.rowLength,
    layers: layers.map(({ units }, at) => ({ units, activation: activations[at] ?? "softmax" })),
  };
}

async function writeHistory(folder: string, history: readonly EpochRecord[]): Promise<void> {
  const lines = history.map((record) => historyColumns.map((column) => record[column] ?? ""));
  await writeTable(join(folder, historyFile), historyColumns, lines);
}
