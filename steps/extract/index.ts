import { defineStep } from "../../engine/define-step.ts";
import { requiredRuntime } from "../compute/runtimes/catalog.ts";
import { mistakesOf, normalized } from "./check.ts";
import { declaration } from "./declaration.ts";
import { ITEM_ROWS } from "./limits.ts";
import { requiredWeights } from "./required-weights.ts";

export const extract = defineStep({
  ...declaration,
  name: "extract",
  version: 2,
  storeVersion: 1,
  description: "Turns images into features with a network cut at a layer.",
  check: mistakesOf,
  normalize: normalized,
  requires(params, inputs) {
    const weights = requiredWeights(params, inputs);
    const { runtime } = params;
    return [
      ...(weights === undefined ? [] : [weights]),
      ...(runtime === "onnxruntime" ? [] : [requiredRuntime(runtime)]),
    ];
  },
  outlook: async (view) => (await import("./outlook.ts")).foresee(view),
  division: {
    // Two items at least, or there is nothing to share.
    isWorthIt: ({ outlook }) => outlook !== undefined && outlook.toDo >= 2 * ITEM_ROWS,
    split: async (ctx) => (await import("./divide.ts")).split(ctx),
    work: async (ctx, items) => (await import("./divide.ts")).work(ctx, items),
  },
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
});
