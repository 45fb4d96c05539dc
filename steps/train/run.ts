import { join } from "node:path";
import type { JsonObject } from "../../engine/json.ts";
import { StepError } from "../../engine/step-type.ts";
import { type Features, openFeatures } from "../learning/features/rows.ts";
import type { Dense } from "../learning/heads/dense.ts";
import { writeModel } from "../learning/heads/model.ts";
import { writeTable } from "../learning/tables/csv.ts";
import { positionsOf } from "./batches.ts";
import type { EpochRecord } from "./checkpoints.ts";
import { chooseMethod } from "./choose-method.ts";
import type { TrainContext } from "./declaration.ts";
import { trainEpochs } from "./epochs.ts";
import { openMethod } from "./open-method.ts";
import { initialState } from "./state.ts";

/** Trains the head and writes the model: `model.json`, `weights.bin`, `history.csv`. */
export async function run(ctx: TrainContext): Promise<void> {
  const { params } = ctx;
  const input = ctx.inputs.features;
  const features = await openFeatures(input.path, ctx.openStore);
  try {
    const training = positionsOf(features, "train");
    if (training.length === 0) throw new StepError("the features hold no images of the split train");
    if (features.classes.length < 2) throw new StepError("there is only one class to learn");
    const validation = positionsOf(features, "validation");
    const sizes = [features.rowLength, ...params.hidden, features.classes.length];
    const chosen = chooseMethod(params, {
      ...{ training: training.length, validation: validation.length },
      ...{ rowLength: features.rowLength, units: sizes[1] as number },
    });
    const { epochs, method: _, memory, ...rest } = params;
    // Whatever can change a byte of a checkpoint names the store; the number of epochs cannot.
    const store = ctx.store({
      ...{ features: input.digest, ...rest, runtime: "onnxruntime", method: chosen.method },
    } as JsonObject);
    const state = initialState(sizes, params.seed);
    const method = await openMethod({ ctx, features, chosen, state, training, validation });
    const { history, reused, seconds } = await trainEpochs({
      ctx,
      params,
      features,
      training,
      method,
      store,
    });
    await writeResult(ctx, features, await method.layers(), history);
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

async function writeResult(
  ctx: TrainContext,
  features: Features,
  layers: readonly Dense[],
  history: readonly EpochRecord[],
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
    layers: [
      ...ctx.params.hidden.map((units) => ({ units, activation: "relu" as const })),
      { units: features.classes.length, activation: "softmax" as const },
    ],
  };
  await writeModel(folder, description, layers);
  const columns = ["epoch", "loss", "accuracy", "validationLoss", "validationAccuracy"] as const;
  const lines = history.map((record) => columns.map((column) => record[column] ?? ""));
  await writeTable(join(folder, "history.csv"), columns, lines);
}
