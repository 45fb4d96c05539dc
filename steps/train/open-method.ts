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
import type { Method, Rows, Training } from "./method.ts";
import { normalizedRows } from "./normalized-rows.ts";
import type { Sgd } from "./optimizers/optimizer.ts";
import { openSampleSpace, type SampleSpaceOptions } from "./sample-space/open.ts";
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
  const { batchSize } = ctx.params;
  const read = normalizedRows(features, normalization);
  const rows = "heldBytes" in chosen ? heldRows(read, spareBytes(chosen)) : read;
  if (chosen.method === "direct" || optimizer.kind !== "sgd") {
    return openDirect({ features: rows, state, optimizer, upper, algebra, batchSize });
  }
  if ("windowRows" in chosen) {
    const { windowRows } = chosen;
    return openWindows({ features: rows, state, optimizer, upper, algebra, batchSize, windowRows });
  }
  return openAllRows(options, { optimizer, rows, rowBytes: chosen.rowBytes });
}

interface AllRows {
  readonly optimizer: Sgd;
  /** Normalized. */
  readonly rows: Rows;
  readonly rowBytes: number;
}

async function openAllRows(options: MethodOptions, { optimizer, rows, rowBytes }: AllRows): Promise<Method> {
  const { ctx, features, normalization, state, upper, algebra, training, validation } = options;
  const { inputs, units } = state.layers[0] as Dense;
  const named = { ctx, features, inputs, units };
  // What this execution has done before, in parts, was not there before it.
  const before = ctx.worked.metrics.reduce((sum, { products }) => sum + Number(products ?? 0), 0);
  const open = (how: Pick<SampleSpaceOptions, "features" | "isUnitLength" | "stores">) =>
    openSampleSpace({
      ...{ state, optimizer, upper, algebra, batchSize: ctx.params.batchSize, rowBytes },
      ...{ training, validation, log: ctx.log },
      tell({ total, there, computed, brought }) {
        ctx.signal.throwIfAborted();
        const reused = Math.max(0, there - before);
        ctx.progress({ done: there + computed + brought, total, unit: "products", reused });
        ctx.metric({ products: before + computed, productsReused: reused + brought });
      },
      ...how,
    });
  const ofUnits =
    normalization?.kind === "l2"
      ? await open({ features, isUnitLength: true, stores: storesOf(named, undefined) })
      : undefined;
  const method =
    ofUnits ?? (await open({ features: rows, isUnitLength: false, stores: storesOf(named, normalization) }));
  if (method === undefined) throw new Error("rows as they are have products");
  return method;
}

interface NamedProducts {
  readonly ctx: Pick<TrainContext, "params" | "store">;
  readonly features: Pick<Features, "manifest">;
  /** Of the first layer. */
  readonly inputs: number;
  readonly units: number;
}

/** What belongs to the rows, and what to the first weights as well: neither knows how the head is trained. */
export function storesOf(
  { ctx, features, inputs, units }: NamedProducts,
  normalization: Normalization | undefined,
): SampleSpaceOptions["stores"] {
  const { store, decoding } = features.manifest;
  const name: JsonObject = {
    ...{ rows: store, decoding },
    ...normalizationName(normalization),
    ...runtimeName(ctx.params),
  };
  return {
    gram: ctx.store({ ...name, products: "gram" }),
    first: ctx.store({ ...name, products: "first", inputs, units, seed: ctx.params.seed }),
  };
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
