import type { ContextOf, Declaration } from "../../engine/define-step.ts";

const folder = { type: "string", pattern: "^(?!\\.{1,2}$)[^/\\\\\\x00]+$" } as const;

const params = {
  type: "object",
  additionalProperties: false,
  required: ["splits", "classes"],
  properties: {
    splits: {
      description: "The folder of the source that holds each split.",
      type: "object",
      additionalProperties: false,
      minProperties: 1,
      properties: { train: folder, validation: folder, test: folder },
    },
    classes: {
      description:
        "Class names by what marks them in the source: the file's prefix, its folder, or the word in the CSV.",
      type: "object",
      minProperties: 2,
      propertyNames: { minLength: 1, maxLength: 255 },
      additionalProperties: { type: "string", pattern: "^[^/\\\\.\\x00-\\x1f][^/\\\\\\x00-\\x1f]{0,199}$" },
    },
    classFrom: {
      description:
        "Where the class of a picture is: before the first _ of its name, its folder in the split, or the input `labels` (a CSV with the columns file and class).",
      enum: ["prefix", "folder", "csv"],
      default: "prefix",
    },
    materialize: {
      description: "How pictures get into the output: shared blocks where the disk can, else a copy.",
      enum: ["auto"],
      default: "auto",
      "x-unkeyed": true,
    },
  },
} as const;

export const declaration = {
  params,
  inputs: {
    source: { description: "A folder with one folder per split." },
    labels: {
      description:
        "A CSV with the columns file (a path in the source, or a name that only one picture has) and class, for classFrom: csv.",
      optional: true,
    },
  },
  outputs: ["images"],
} as const satisfies Declaration;

export type OrganizeContext = ContextOf<typeof declaration>;
/** Parameters with their defaults. */
export type OrganizeParams = OrganizeContext["params"];
