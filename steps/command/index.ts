import { defineStep } from "../../engine/define-step.ts";
import { declaration } from "./declaration.ts";

export const command = defineStep({
  ...declaration,
  name: "command",
  version: 1,
  description: "Runs any program.",
  runsPrograms: true,
  templates: true,
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
});
