import type { ContextOf, Declaration } from "../../engine/define-step.ts";
import { filesOfNetwork } from "../vision/networks/network-files.ts";
import { featuresFormats, modelFormats } from "./format-names.ts";

const params = {
  type: "object",
  additionalProperties: false,
  required: ["format"],
  properties: {
    format: {
      description: `What is written: a model as ${modelFormats.join(", ")}, or features as ${featuresFormats.join(", ")}.`,
      enum: [...modelFormats, ...featuresFormats],
    },
    include: {
      description:
        "Of a model: the head alone, which takes feature rows, or all, from a picture's pixels to probabilities.",
      enum: ["head", "all"],
      default: "head",
    },
  },
} as const;

export const declaration = {
  params,
  inputs: {
    model: { description: "The model of a train step.", optional: true },
    features: {
      description:
        "The features of an extract step; beside a model, its card says how many pictures they are of.",
      optional: true,
    },
    report: { description: "The report of a report step: the model's card has its figures.", optional: true },
    network: {
      description: "The network that the features of the model were extracted with, where that is a file.",
      optional: true,
      reads: filesOfNetwork,
    },
    weights: {
      description: "The weights that they were extracted with, where those are a file.",
      optional: true,
    },
  },
  outputs: ["files"],
} as const satisfies Declaration;

export type ExportContext = ContextOf<typeof declaration>;
export type ExportParams = ExportContext["params"];
