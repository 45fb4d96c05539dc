import type { StepType } from "../../engine/step-type.ts";

export const report: StepType = {
  name: "report",
  version: 1,
  description: "Says how good a model is on the test split, and where it is wrong.",
  params: { type: "object", additionalProperties: false, properties: {} },
  inputs: {
    model: { description: "The model of a train step." },
    features: { description: "The features of an extract step." },
    images: { description: "The images of an organize step." },
  },
  outputs: () => ["report"],
  summary: { output: "report", file: "report.txt" },
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
};
