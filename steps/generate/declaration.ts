import type { ContextOf, Declaration } from "../../engine/define-step.ts";

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

export const declaration = {
  params,
  inputs: {},
  outputs: ["images"],
} as const satisfies Declaration;

export type GenerateContext = ContextOf<typeof declaration>;
