import { defineStep } from "../../engine/define-step.ts";
import { mistakesOf } from "./check.ts";
import { declaration } from "./declaration.ts";

export const exportStep = defineStep({
  ...declaration,
  name: "export",
  version: 1,
  description: "Writes a model, or features, for other programs.",
  check: mistakesOf,
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
});
