import type { ContextOf, Declaration, PartOf } from "../../engine/define-step.ts";
import { filesOfTable } from "./table-files.ts";

const share = {
  anyOf: [
    { type: "string", pattern: "^(?!\\.{1,2}$)[^/\\\\\\x00]+$" },
    { type: "number", exclusiveMinimum: 0, maximum: 1 },
  ],
} as const;

const className = { type: "string", pattern: "^[^/\\\\.\\x00-\\x1f][^/\\\\\\x00-\\x1f]{0,199}$" } as const;

const params = {
  type: "object",
  additionalProperties: false,
  properties: {
    splits: {
      description:
        "The folder of the source that holds each split, or the share of pictures that each gets. Default: folders that are called like splits; without such, all is train.",
      type: "object",
      additionalProperties: false,
      minProperties: 1,
      properties: { train: share, validation: share, test: share },
    },
    classes: {
      description:
        "A list of the classes to take, or a map of class names by what marks them in the source. Default: what the source says.",
      anyOf: [
        { type: "array", items: className },
        {
          type: "object",
          minProperties: 2,
          propertyNames: { minLength: 1, maxLength: 255 },
          additionalProperties: className,
        },
      ],
    },
    classFrom: {
      description:
        "What says the class of a picture: its folder, what is before the first _ of its name, or a table (the input `labels`, or a source that is one). auto: a table where there is one, else the folder, else the name.",
      enum: ["auto", "folder", "prefix", "csv"],
      default: "auto",
    },
    seed: {
      description: "Of the shares in `splits`: another one deals pictures out otherwise.",
      type: "integer",
      minimum: 0,
      maximum: 4_294_967_295,
      default: 0,
    },
    groupBy: {
      description:
        "What belongs together (a patient, a video, a product) and stays in one split: a column of the table, or a regular expression for the path in the source, whose first group is its name.",
      type: "object",
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 1,
      properties: {
        column: { type: "string", minLength: 1 },
        pattern: { type: "string", minLength: 1, maxLength: 1000 },
      },
    },
    duplicates: {
      description:
        "What to do about a picture that is there more than once. warn: say so where it lies in several splits or classes; fail: refuse these; drop: keep one (that of test before validation before train), and none that lies in several classes.",
      enum: ["warn", "fail", "drop"],
      default: "warn",
    },
    materialize: {
      description:
        "How pictures get into the output. auto: shared blocks where the disk can, else a copy; reference: they stay in the source, which must stay where it is.",
      enum: ["auto", "reference"],
      default: "auto",
    },
  },
} as const;

export const declaration = {
  params,
  inputs: {
    source: {
      description:
        "A folder of pictures, a zip or tar of one, a folder of such archives, or a table (CSV or JSONL with the columns file and class, and split if it has one).",
      reads: filesOfTable,
    },
    labels: {
      description:
        "A CSV or JSONL with the columns file (a path in the source, or a name that only one picture has) and class, perhaps split; other columns are kept.",
      optional: true,
    },
  },
  outputs: ["images"],
} as const satisfies Declaration;

export type OrganizeContext = ContextOf<typeof declaration>;
/** What those see who do a part of the work. */
export type OrganizePart = PartOf<typeof declaration>;
/** Parameters with their defaults. */
export type OrganizeParams = OrganizeContext["params"];
