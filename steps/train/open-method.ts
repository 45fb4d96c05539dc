import type { JsonObject } from "../../engine/json.ts";
import type { Features } from "../learning/features/rows.ts";
import type { Dense } from "../learning/heads/dense.ts";
import type { Chosen } from "./choose-method.ts";
import type { TrainContext } from "./declaration.ts";
import { openDirect } from "./direct.ts";
import type { Method } from "./method.ts";
import { openSampleSpace } from "./sample-space/open.ts";
import type { TrainState } from "./state.ts";

export interface MethodOptions {
  readonly ctx: TrainContext;
  readonly features: Features;
  readonly chosen: Chosen;
  readonly state: TrainState;
  /** Positions of the rows. */
  readonly training: Int32Array;
  readonly validation: Int32Array;
}

/** Opens the way to train that was chosen. */
export function openMethod({ ctx, features, chosen, ...rest }: MethodOptions): Promise<Method> {
  const { batchSize, optimizer, seed } = ctx.params;
  const common = { ...rest, features, momentum: optimizer.momentum, batchSize };
  if (chosen.method === "direct") return openDirect(common);
  const { store, decoding } = features.manifest;
  // What belongs to the rows, and what to the first weights as well: neither knows how the head is trained.
  const rows: JsonObject = { rows: store, decoding };
  const { inputs, units } = rest.state.layers[0] as Dense;
  return openSampleSpace({
    ...common,
    rowBytes: chosen.rowBytes,
    stores: {
      gram: ctx.store({ ...rows, products: "gram" }),
      first: ctx.store({ ...rows, products: "first", inputs, units, seed }),
    },
    tell(done, total) {
      ctx.signal.throwIfAborted();
      ctx.progress({ done, total, unit: "products" });
    },
  });
}
