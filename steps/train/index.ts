import { defineStep } from "../../engine/define-step.ts";
import { requiredRuntime } from "../compute/runtimes/catalog.ts";
import { mistakesOf, normalized } from "./check.ts";
import { declaration } from "./declaration.ts";
import { isWorthDividing } from "./item-size.ts";
import { resolved } from "./resolve.ts";

export const train = defineStep({
  ...declaration,
  name: "train",
  version: 3,
  description: "Trains a small network on features.",
  check: mistakesOf,
  normalize: normalized,
  resolve: resolved,
  requires: ({ runtime }) => (runtime === "onnxruntime" ? [] : [requiredRuntime(runtime)]),
  division: {
    isWorthIt: ({ params, inputs }) => isWorthDividing(params, inputs.features),
    split: async (ctx) => (await import("./divide.ts")).split(ctx),
    work: async (ctx, items) => (await import("./divide.ts")).work(ctx, items),
  },
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
});
