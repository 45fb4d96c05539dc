import { defineStep } from "../../engine/define-step.ts";
import { mistakesOf } from "./check.ts";
import { declaration } from "./declaration.ts";
import { mayBeDivided } from "./item-size.ts";

export const organize = defineStep({
  ...declaration,
  name: "organize",
  version: 2,
  // Of the looks of pictures, which are not in the output.
  storeVersion: 1,
  description: "Brings pictures into splits and classes.",
  check: mistakesOf,
  division: {
    isWorthIt: ({ inputs }) => mayBeDivided(inputs.source.path),
    split: async (ctx) => (await import("./divide.ts")).split(ctx),
    work: async (ctx, items) => (await import("./divide.ts")).work(ctx, items),
  },
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
});
