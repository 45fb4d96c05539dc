import { defineStep } from "../../engine/define-step.ts";
import { mistakesOf } from "./check.ts";
import { declaration } from "./declaration.ts";

export const organize = defineStep({
  ...declaration,
  name: "organize",
  version: 2,
  // Of the looks of pictures, which are not in the output.
  storeVersion: 1,
  description: "Brings pictures into splits and classes.",
  check: mistakesOf,
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
});
