import { createHash } from "node:crypto";
import type { JsonObject } from "../../engine/json.ts";
import { memoryLimit } from "../../engine/memory.ts";
import type { Features } from "../learning/features/rows.ts";
import type { Dense } from "../learning/heads/dense.ts";
import type { Normalization } from "../learning/heads/normalization.ts";
import type { Chosen } from "./choose-method.ts";
import type { TrainContext } from "./declaration.ts";
import { openDirect } from "./direct.ts";
import { heldRows } from "./held-rows.ts";
import type { Method, Training } from "./method.ts";
import { normalizedRows } from "./normalized-rows.ts";
import { openSampleSpace } from "./sample-space/open.ts";
import { openWindows } from "./sample-space/windows.ts";
import { runtimeName } from "./store-name.ts";

export interface MethodOptions extends Omit<Training, "features" | "batchSize"> {
  readonly ctx: TrainContext;
  readonly features: Features;
  readonly normalization: Normalization | undefined;
  readonly chosen: Chosen;
  /** Positions of the rows. */
  readonly training: Int32Array;
  readonly validation: Int32Array;
}

/** Opens the way to train that was chosen. */
export async function openMethod(options: MethodOptions): Promise<Method> {
  const { ctx, features, normalization, chosen, optimizer, state, upper, algebra } = options;
  const { batchSize, seed } = ctx.params;
  const read = normalizedRows(features, normalization);
  const rows = "heldBytes" in chosen ? heldRows(read, spareBytes(chosen)) : read;
  if (chosen.method === "direct" || optimizer.kind !== "sgd") {
    return openDirect({ features: rows, state, optimizer, upper, algebra, batchSize });
  }
  if ("windowRows" in chosen) {
    const { windowRows } = chosen;
    return openWindows({ features: rows, state, optimizer, upper, algebra, batchSize, windowRows });
  }
  const { store, decoding } = features.manifest;
  // What belongs to the rows, and what to the first weights as well: neither knows how the head is trained.
  const name: JsonObject = {
    ...{ rows: store, decoding },
    ...normalizationName(normalization),
    ...runtimeName(ctx.params),
  };
  const { inputs, units } = state.layers[0] as Dense;
  return openSampleSpace({
    ...{ features: rows, state, optimizer, upper, algebra, batchSize, rowBytes: chosen.rowBytes },
    ...{ training: options.training, validation: options.validation },
    stores: {
      gram: ctx.store({ ...name, products: "gram" }),
      first: ctx.store({ ...name, products: "first", inputs, units, seed }),
    },
    tell({ total, there, computed, brought }) {
      ctx.signal.throwIfAborted();
      ctx.progress({ done: there + computed + brought, total, unit: "products", reused: there });
      ctx.metric({ products: computed, productsReused: there + brought });
    },
    log: ctx.log,
  });
}

/** What rows may take in memory is the key's to say; on a smaller machine there are fewer. */
function spareBytes({ bytes, heldBytes }: { readonly bytes: number; readonly heldBytes: number }): number {
  return Math.max(0, Math.min(heldBytes, memoryLimit() / 2 - bytes));
}

/** Statistics change with every row that is trained on, and with them all products. */
function normalizationName(normalization: Normalization | undefined): JsonObject {
  if (normalization === undefined) return {};
  if (normalization.kind === "l2") return { normalize: "l2" };
  const hash = createHash("sha256");
  for (const { buffer } of [normalization.mean, normalization.scale]) hash.update(new Uint8Array(buffer));
  return { normalize: "standard", statistics: hash.digest("hex") };
}
