import type { JsonObject } from "../../engine/json.ts";
import type { Chosen } from "./choose-method.ts";
import type { TrainParams } from "./declaration.ts";

/**
 * Whatever can change a byte of a checkpoint names the store. What ends a training
 * early cannot, nor can the number of epochs, unless the schedule ends with them; of `memory` only
 * the method that it leads to can.
 */
export function storeName(params: TrainParams, features: string, { method }: Chosen): JsonObject {
  const { epochs, earlyStopping: _early, memory: _memory, ...rest } = params;
  return {
    ...rest,
    ...(rest.schedule.kind === "cosine" ? { epochs } : {}),
    ...{ features, method, runtime: "onnxruntime" },
  } as JsonObject;
}
