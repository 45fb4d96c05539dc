import type { ContextOf, Declaration, PartOf } from "../../engine/define-step.ts";
import { namedNetworks } from "../vision/networks/named.ts";
import { filesOfNetwork } from "../vision/networks/network-files.ts";
import { defaultChoices, filters, fits } from "../vision/preprocessing.ts";

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
      description:
        "Where the network is cut: a layer, `model/layer` in a model within it, or a tensor of an ONNX network; of a list, the rows of all, one after the other. Default: the last layer before the classifier; the output of an ONNX network.",
      anyOf: [
        { type: "string", minLength: 1 },
        { type: "array", items: { type: "string", minLength: 1 }, minItems: 1 },
      ],
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
        resize: {
          description: "How a picture is brought to that size: Pillow's filters. Keras' default is nearest.",
          enum: filters,
          default: defaultChoices.resize,
        },
        fit: {
          description:
            "What happens to a picture of other proportions: it is stretched, its middle is cut out, or it is put into the middle of black.",
          enum: fits,
          default: defaultChoices.fit,
        },
        orient: {
          description: "Whether a picture is turned as its EXIF data say. TIFFs always are.",
          type: "boolean",
          default: defaultChoices.orient,
        },
        maxPixels: {
          description: "A picture of more pixels is refused before it is decoded.",
          type: "integer",
          minimum: 1,
          maximum: 1_000_000_000,
          default: defaultChoices.maxPixels,
        },
      },
      default: {},
    },
    augment: {
      description:
        "Further views of each training image, each a row of its own. Images of other splits are seen as they are.",
      type: "object",
      additionalProperties: false,
      properties: {
        flip: { description: "Mirrored, left and right.", type: "boolean", default: false },
        crops: {
          description:
            "How many parts of it, drawn at random: of 60 to 100 % of its area, 3:4 to 4:3 in proportion.",
          type: "integer",
          minimum: 0,
          maximum: 1000,
          default: 0,
        },
        seed: {
          description: "Of what is drawn; another one gives other parts.",
          type: "integer",
          minimum: 0,
          maximum: 4294967295,
          default: 0,
        },
      },
    },
    runtime: {
      description: "What computes the network. `flow setup` brings all but onnxruntime.",
      enum: ["onnxruntime", "openvino", "tensorflow"],
      default: "onnxruntime",
    },
    precision: {
      description: "Of the numbers that are multiplied. bf16: OpenVINO, on CPUs that have it.",
      enum: ["float32", "bf16"],
      default: "float32",
    },
    dtype: {
      description:
        "What rows are kept as: float16 takes half the room, and each value is rounded to 11 binary digits.",
      enum: ["float32", "float16"],
      default: "float32",
    },
    device: {
      description: "Where it is computed; auto takes a GPU that works, else the CPU.",
      enum: ["auto", "cpu", "webgpu", "cuda"],
      default: "auto",
      "x-unkeyed": true,
    },
    onBadImage: {
      description:
        "What to do about pictures that cannot be read: fail, naming all, or leave them out, with the reasons in skipped.csv.",
      enum: ["fail", "skip"],
      default: "fail",
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

export const declaration = {
  params,
  inputs: {
    images: { description: "The images of an organize step." },
    network: {
      description:
        "A network: a TensorFlow.js layers model (its model.json, or the folder of it), a .keras file, an .h5 file of a whole model, or an .onnx file (or the folder with that one).",
      optional: true,
      reads: filesOfNetwork,
    },
    weights: {
      description: "Weights for it in Keras' format: an .h5, .weights.h5 or .keras file.",
      optional: true,
    },
  },
  outputs: ["features"],
} as const satisfies Declaration;

export type ExtractContext = ContextOf<typeof declaration>;
/** What those see who do a part of the work. */
export type ExtractPart = PartOf<typeof declaration>;
/** Parameters with their defaults. */
export type ExtractParams = ExtractContext["params"];
