import type { JsonObject } from "../../engine/json.ts";
import { requiredRuntime } from "../compute/runtimes/catalog.ts";
import type { Chosen } from "./choose-method.ts";
import type { TrainParams } from "./declaration.ts";

/**
 * Whatever can change a byte of a checkpoint names the store. What ends a training
 * early cannot, nor can the number of epochs, unless the schedule ends with them; of `memory` only
 * the method that it leads to can, and how long its windows are.
 */
export function storeName(params: TrainParams, features: string, chosen: Chosen): JsonObject {
  const { epochs, earlyStopping: _early, memory: _memory, device: _device, ...rest } = params;
  return {
    ...rest,
    ...(rest.schedule.kind === "cosine" ? { epochs } : {}),
    ...("windowRows" in chosen ? { windowRows: chosen.windowRows } : {}),
    ...{ features, method: chosen.method },
    ...runtimeName(params),
  } as JsonObject;
}

/** What computes, in the names of stores of products; what is flow's own is in none of them. */
export function runtimeName({ runtime }: Pick<TrainParams, "runtime">): JsonObject {
  if (runtime === "onnxruntime") return {};
  return { runtime, runtimeVersion: requiredRuntime(runtime).version };
}
