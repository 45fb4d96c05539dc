import { defineStep } from "../../engine/define-step.ts";
import { declaration } from "./declaration.ts";

export const generate = defineStep({
  ...declaration,
  name: "generate",
  version: 1,
  description: "Draws a small labelled photo set: class 0 has cool stripes, class 1 warm discs.",
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
});
