import type { ContextOf, Declaration } from "../../engine/define-step.ts";

export const declaration = {
  params: { type: "object", additionalProperties: false, properties: {} },
  inputs: {
    model: { description: "The model of a train step." },
    features: { description: "The features of an extract step." },
    images: { description: "The images of an organize step." },
  },
  outputs: ["report"],
} as const satisfies Declaration;

export type ReportContext = ContextOf<typeof declaration>;
