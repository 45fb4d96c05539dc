import type { JsonObject } from "../../engine/json.ts";
import type { TrainParams } from "./declaration.ts";
import { completed } from "./optimizers/optimizer.ts";

/**
 * Whatever can change a byte of a checkpoint names the store. Neither the number
 * of epochs can nor what ends a training early. What is new and at its default
 * is in no name: checkpoints of before count.
 */
export function storeName(params: TrainParams, features: string): JsonObject {
  const { hidden, activation, batchSize, shuffle, seed } = params;
  return {
    features,
    hidden,
    ...(activation === "relu" ? {} : { activation }),
    optimizer: optimizerName(params),
    batchSize,
    shuffle,
    seed,
    runtime: "onnxruntime",
  } as JsonObject;
}

function optimizerName(params: TrainParams): object {
  const optimizer = completed(params.optimizer);
  if (optimizer.kind !== "sgd") return optimizer;
  const { nesterov, weightDecay, ...rest } = optimizer;
  return { ...rest, ...(nesterov ? { nesterov } : {}), ...(weightDecay === 0 ? {} : { weightDecay }) };
}
