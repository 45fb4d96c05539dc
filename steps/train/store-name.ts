import type { JsonObject } from "../../engine/json.ts";
import { isWide } from "../learning/heads/products.ts";
import type { TrainParams } from "./declaration.ts";
import { completed } from "./optimizers/optimizer.ts";

/** What is trained on. */
interface Subject {
  readonly digest: string;
  /** How many. */
  readonly classes: number;
}

/**
 * Whatever can change a byte of a checkpoint names the store. What ends a training
 * early cannot, nor can the number of epochs, unless the schedule ends with them.
 * What is new and at its default is in no name: checkpoints of before count.
 */
export function storeName(params: TrainParams, { digest, classes }: Subject): JsonObject {
  const { hidden, activation, dropout, normalize, classWeights, labelSmoothing } = params;
  const { schedule, epochs, batchSize, shuffle, seed } = params;
  const isConstant = schedule.kind === "constant" && schedule.warmup === 0;
  const above = [...hidden, classes].slice(1).map((units, at) => ({ inputs: hidden[at] as number, units }));
  return {
    features: digest,
    hidden,
    ...(activation === "relu" ? {} : { activation }),
    ...(dropout === 0 ? {} : { dropout }),
    ...(normalize === "none" ? {} : { normalize }),
    ...(classWeights === undefined ? {} : { classWeights }),
    ...(labelSmoothing === 0 ? {} : { labelSmoothing }),
    optimizer: optimizerName(params),
    ...(isConstant ? {} : { schedule }),
    ...(schedule.kind === "cosine" ? { epochs } : {}),
    batchSize,
    shuffle,
    seed,
    runtime: "onnxruntime",
    // Loops, which it was before, round otherwise.
    ...(above.some(isWide) ? { wide: "onnxruntime" } : {}),
  } as JsonObject;
}

function optimizerName(params: TrainParams): object {
  const optimizer = completed(params.optimizer);
  if (optimizer.kind !== "sgd") return optimizer;
  const { nesterov, weightDecay, ...rest } = optimizer;
  return { ...rest, ...(nesterov ? { nesterov } : {}), ...(weightDecay === 0 ? {} : { weightDecay }) };
}
