import { defineStep } from "../../engine/define-step.ts";
import { declaration } from "./declaration.ts";

export const report = defineStep({
  ...declaration,
  name: "report",
  version: 4,
  description: "Says how good a model is on the test split, and where it is wrong.",
  summary: { output: "report", file: "report.txt" },
  page: "report",
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
});
