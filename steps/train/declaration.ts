import type { ContextOf, Declaration, PartOf } from "../../engine/define-step.ts";
import { activationNames } from "../learning/heads/activations.ts";
import { optimizerKinds } from "./optimizers/optimizer.ts";

const share = { type: "number", minimum: 0, exclusiveMaximum: 1 } as const;

const optimizer = {
  description: "How the weights are moved, as Keras 3 does it.",
  type: "object",
  additionalProperties: false,
  required: ["kind"],
  properties: {
    kind: { description: "Stochastic gradient descent, or one of its kin.", enum: optimizerKinds },
    learningRate: {
      description: "At the first step.",
      type: "number",
      exclusiveMinimum: 0,
      default: 0.001,
    },
    momentum: { description: "Of sgd (default: 0.9) and rmsprop (default: 0).", ...share },
    nesterov: { description: "Whether sgd looks ahead. Default: no.", type: "boolean" },
    decay: {
      description: "Time-based, per step as in Keras: learningRate / (1 + decay · step).",
      type: "number",
      minimum: 0,
      default: 0,
    },
    weightDecay: {
      description:
        "Decoupled: before a step every weight and bias loses this share of itself times the learning rate. Default: 0.004 for adamw, else 0.",
      type: "number",
      minimum: 0,
    },
    beta1: { description: "Of adam and adamw. Default: 0.9.", ...share },
    beta2: { description: "Of adam and adamw. Default: 0.999.", ...share },
    rho: { description: "Of rmsprop. Default: 0.9.", ...share },
    epsilon: {
      description: "Of adam, adamw and rmsprop. Default: 1e-7.",
      type: "number",
      exclusiveMinimum: 0,
    },
  },
  default: { kind: "sgd" },
} as const;

const schedule = {
  description:
    "How the learning rate changes, in epochs, at every step. With another kind than constant there is no decay.",
  type: "object",
  additionalProperties: false,
  required: ["kind"],
  properties: {
    kind: {
      description:
        "step: times factor after every so many epochs; exponential: the same, gradually; cosine: down to minimum at the last epoch.",
      enum: ["constant", "step", "exponential", "cosine"],
    },
    every: { description: "Epochs; of step and exponential.", type: "number", exclusiveMinimum: 0 },
    factor: { description: "Of step and exponential.", type: "number", exclusiveMinimum: 0 },
    minimum: { description: "Of cosine. Default: 0.", type: "number", minimum: 0 },
    warmup: {
      description: "Epochs in which the learning rate rises from 0.",
      type: "number",
      minimum: 0,
      default: 0,
    },
  },
  default: { kind: "constant" },
} as const;

const earlyStopping = {
  description: "Ends the training where it gets no better; the model is that of the best epoch.",
  type: "object",
  additionalProperties: false,
  required: ["patience"],
  properties: {
    metric: {
      description: "What is to get better.",
      enum: ["loss", "accuracy", "validationLoss", "validationAccuracy"],
      default: "validationLoss",
    },
    patience: { description: "Epochs in a row without a better one.", type: "integer", minimum: 1 },
    minDelta: {
      description: "By how much more than this an epoch has to be better.",
      type: "number",
      minimum: 0,
      default: 0,
    },
  },
} as const;

const params = {
  type: "object",
  additionalProperties: false,
  properties: {
    hidden: {
      description: "Units of each hidden layer; of none, the head is softmax regression.",
      type: "array",
      maxItems: 8,
      items: { type: "integer", minimum: 1, maximum: 65536 },
      default: [256, 16],
    },
    activation: {
      description: "Of the hidden layers: one for all, or a list of one each.",
      anyOf: [{ enum: activationNames }, { type: "array", items: { enum: activationNames } }],
      default: "relu",
    },
    dropout: {
      description:
        "Share of a hidden layer's values that training leaves out, drawn anew at every step: one for all layers, or a list of one each.",
      anyOf: [share, { type: "array", items: share }],
      default: 0,
    },
    normalize: {
      description:
        "What is done to a row first: it is divided by its length, or each of its places is brought to mean 0 and deviation 1 over the training images.",
      enum: ["none", "l2", "standard"],
      default: "none",
    },
    classWeights: {
      description:
        "How much the loss of an image counts, by its class: as many as needed for all classes to count alike, or a number for every class.",
      anyOf: [
        { enum: ["balanced"] },
        { type: "object", additionalProperties: { type: "number", minimum: 0 } },
      ],
    },
    labelSmoothing: {
      description: "How much of a label is spread over all classes.",
      ...share,
      default: 0,
    },
    optimizer,
    schedule,
    earlyStopping,
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
      "x-resolved": "auto",
    },
    memory: {
      description:
        "What training may hold in memory: `2GB`, `500MB`. Where products of all rows take more, those of a window of rows at a time are held.",
      type: "string",
      pattern: "^[0-9]+(\\.[0-9]+)? ?(MB|GB)$",
      default: "2GB",
    },
    runtime: {
      description: "What computes its products. `flow setup` brings all but onnxruntime.",
      enum: ["onnxruntime", "tensorflow"],
      default: "onnxruntime",
    },
    device: {
      description: "Where they are computed; auto takes a GPU that works, else the CPU.",
      enum: ["auto", "cpu", "cuda"],
      default: "auto",
      "x-unkeyed": true,
    },
    seed: {
      description: "Of the first weights, of the order and of dropout.",
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
/** What those see who do a part of the work. */
export type TrainPart = PartOf<typeof declaration>;
/** Parameters with their defaults. */
export type TrainParams = TrainContext["params"];
