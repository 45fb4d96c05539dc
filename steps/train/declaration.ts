import type { ContextOf, Declaration } from "../../engine/define-step.ts";

const params = {
  type: "object",
  additionalProperties: false,
  properties: {
    hidden: {
      description: "Units of each hidden layer, all with ReLU.",
      type: "array",
      minItems: 1,
      maxItems: 8,
      items: { type: "integer", minimum: 1, maximum: 65536 },
      default: [256, 16],
    },
    optimizer: {
      description: "How the weights are moved.",
      type: "object",
      additionalProperties: false,
      required: ["kind"],
      properties: {
        kind: { description: "Stochastic gradient descent.", const: "sgd" },
        learningRate: {
          description: "At the first step.",
          type: "number",
          exclusiveMinimum: 0,
          default: 0.001,
        },
        momentum: { type: "number", minimum: 0, exclusiveMaximum: 1, default: 0.9 },
        decay: {
          description: "Time-based, per step as in Keras: learningRate / (1 + decay · step).",
          type: "number",
          minimum: 0,
          default: 0,
        },
      },
      default: { kind: "sgd" },
    },
    batchSize: { description: "Images per step.", type: "integer", minimum: 1, maximum: 65536, default: 32 },
    epochs: { description: "Passes over the training images.", type: "integer", minimum: 1, default: 25 },
    shuffle: {
      description:
        "The order of the training images: shuffled once, anew every epoch, or as they are listed.",
      enum: ["once", "epoch", "none"],
      default: "once",
    },
    method: {
      description:
        "How it is computed: `sampleSpace`, by products of rows with each other, many times faster where rows are long; `direct`, row by row; `auto`, by the number of rows, their length and `memory`.",
      enum: ["auto", "sampleSpace", "direct"],
      default: "auto",
    },
    memory: {
      description: "What training may hold in memory: `2GB`, `500MB`.",
      type: "string",
      pattern: "^[0-9]+(\\.[0-9]+)? ?(MB|GB)$",
      default: "2GB",
    },
    seed: {
      description: "Of the first weights and of the order.",
      type: "integer",
      minimum: 0,
      maximum: 4294967295,
      default: 42,
    },
  },
} as const;

export const declaration = {
  params,
  inputs: { features: { description: "The features of an extract step." } },
  outputs: ["model"],
} as const satisfies Declaration;

export type TrainContext = ContextOf<typeof declaration>;
/** Parameters with their defaults. */
export type TrainParams = TrainContext["params"];
