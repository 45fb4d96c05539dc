import type { ParamMistake, StepType } from "../../engine/step-type.ts";
import type { ParamsOf } from "../params.ts";
import { namedNetworks } from "../vision/networks/named.ts";
import { requiredWeights } from "./required-weights.ts";

const scaling = {
  description:
    "How pixel values are scaled, as Keras' preprocess_input names it, or (value − mean) / std, per channel too.",
  anyOf: [
    { enum: ["caffe", "tf", "torch", "none"] },
    {
      type: "object",
      additionalProperties: false,
      required: ["mean", "std"],
      properties: {
        mean: {
          anyOf: [{ type: "number" }, { type: "array", items: { type: "number" }, minItems: 3, maxItems: 3 }],
        },
        std: {
          anyOf: [
            { type: "number", exclusiveMinimum: 0 },
            { type: "array", items: { type: "number", exclusiveMinimum: 0 }, minItems: 3, maxItems: 3 },
          ],
        },
      },
    },
  ],
} as const;

const params = {
  type: "object",
  additionalProperties: false,
  properties: {
    network: {
      description: "A network by name, where it is no input.",
      type: "string",
      enum: [...namedNetworks.keys()],
    },
    weights: {
      description: "Weights by name, where they are no input: ImageNet's, or deterministic random ones.",
      enum: ["imagenet", "seeded"],
    },
    layer: {
      description: "Where the network is cut. Default: the last layer before the classifier.",
      type: "string",
      minLength: 1,
    },
    pool: {
      description:
        "What is done with the layer's output: flattened in H, W, C order, or pooled over H and W.",
      enum: ["none", "average", "max"],
      default: "none",
    },
    input: {
      description: "What the network takes. Named networks know their own.",
      type: "object",
      additionalProperties: false,
      properties: {
        size: {
          description: "Height and width in pixels.",
          type: "array",
          items: { type: "integer", minimum: 8, maximum: 4096 },
          minItems: 2,
          maxItems: 2,
        },
        scaling,
      },
      default: {},
    },
    runtime: { description: "What computes the network.", enum: ["onnxruntime"], default: "onnxruntime" },
    device: {
      description: "Where it is computed; auto takes the best there is.",
      enum: ["auto", "cpu"],
      default: "auto",
      "x-unkeyed": true,
    },
    batchSize: {
      description: "Images computed at a time.",
      type: "integer",
      minimum: 1,
      maximum: 1024,
      default: 32,
      "x-unkeyed": true,
    },
    threads: {
      description: "Threads of the runtime. Default: the number of cores.",
      type: "integer",
      minimum: 1,
      maximum: 256,
      "x-unkeyed": true,
    },
  },
} as const;

type Written = ParamsOf<typeof params>;
/** Parameters with their defaults. */
export type ExtractParams = Written &
  Required<Pick<Written, "pool" | "input" | "runtime" | "device" | "batchSize">>;

export const extract: StepType = {
  name: "extract",
  version: 1,
  description: "Turns images into features with a network cut at a layer.",
  params,
  inputs: {
    images: { description: "The images of an organize step." },
    network: {
      description: "A TensorFlow.js layers model: its model.json, or the folder of it.",
      optional: true,
    },
    weights: { description: "Weights in Keras' .h5 format.", optional: true },
  },
  outputs: () => ["features"],
  check(params, inputs) {
    return mistakesOf(params as ExtractParams, inputs);
  },
  requires(params, inputs) {
    const weights = requiredWeights(params as ExtractParams, inputs);
    return weights === undefined ? [] : [weights];
  },
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
};

function mistakesOf(
  { network, weights, input }: ExtractParams,
  inputs: ReadonlySet<string>,
): readonly ParamMistake[] {
  const mistakes: ParamMistake[] = [];
  const given = inputs.has("network");
  if (given && network !== undefined) {
    mistakes.push({ path: ["network"], message: "the network is an input already; leave one of them out" });
  }
  if (!given && network === undefined) {
    mistakes.push({
      path: [],
      message: "no network is named and none is an input",
      hint: `name one, \`network: ${[...namedNetworks.keys()].join("` or `")}\`, or give one under \`inputs\``,
    });
  }
  if (weights !== undefined && inputs.has("weights")) {
    mistakes.push({ path: ["weights"], message: "the weights are an input already; leave one of them out" });
  } else if (weights !== undefined && given) {
    mistakes.push({ path: ["weights"], message: "the network that is an input brings its own weights" });
  }
  if (given && input?.scaling === undefined) {
    mistakes.push({
      path: ["input"],
      message: "how pixel values are scaled for this network is not said",
      hint: "add `input: { scaling: … }`: caffe, tf, torch, none or { mean: …, std: … }",
    });
  }
  return mistakes;
}
