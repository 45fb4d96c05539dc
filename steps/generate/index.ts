import type { StepType } from "../../engine/step-type.ts";
import type { ParamsOf } from "../params.ts";

const count = { type: "integer", minimum: 2, maximum: 100_000 } as const;

const params = {
  type: "object",
  additionalProperties: false,
  properties: {
    splits: {
      description:
        "Pictures per split, half of each class. The first ones stay the same when there are more.",
      type: "object",
      additionalProperties: false,
      properties: {
        training: { ...count, default: 160 },
        validation: { ...count, default: 40 },
        evaluation: { ...count, default: 40 },
      },
      default: {},
    },
    size: {
      description: "Width and height in pixels.",
      type: "integer",
      minimum: 16,
      maximum: 1024,
      default: 128,
    },
    seed: {
      description: "Another seed draws other pictures.",
      type: "integer",
      minimum: 0,
      maximum: 4294967295,
      default: 1,
    },
  },
} as const;

/** Parameters with their defaults. */
export type GenerateParams = Required<ParamsOf<typeof params>>;

export const generate: StepType = {
  name: "generate",
  version: 1,
  description: "Draws a small labelled photo set: class 0 has cool stripes, class 1 warm discs.",
  params,
  inputs: {},
  outputs: () => ["images"],
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
};
