import type { JsonObject } from "../../engine/json.ts";
import type { Chosen } from "./choose-method.ts";
import type { TrainParams } from "./declaration.ts";

/**
 * Whatever can change a byte of a checkpoint names the store. What ends a training
 * early cannot, nor can the number of epochs, unless the schedule ends with them; of `memory` only
 * the method that it leads to can, and how long its windows are.
 */
export function storeName(params: TrainParams, features: string, chosen: Chosen): JsonObject {
  const { epochs, earlyStopping: _early, memory: _memory, ...rest } = params;
  return {
    ...rest,
    ...(rest.schedule.kind === "cosine" ? { epochs } : {}),
    ...("windowRows" in chosen ? { windowRows: chosen.windowRows } : {}),
    ...{ features, method: chosen.method, runtime: "onnxruntime" },
  } as JsonObject;
}
