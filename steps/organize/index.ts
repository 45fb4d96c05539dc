import type { ParamMistake, StepType } from "../../engine/step-type.ts";
import type { ParamsOf } from "../params.ts";

const folder = { type: "string", pattern: "^[^/\\\\\\x00]+$" } as const;

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

type Written = ParamsOf<typeof params>;
/** Parameters with their defaults. */
export type OrganizeParams = Written & Required<Pick<Written, "classFrom">>;

export const organize: StepType = {
  name: "organize",
  version: 1,
  description: "Brings pictures into splits and classes.",
  params,
  inputs: {
    source: { description: "A folder with one folder per split." },
    labels: { description: "A CSV with the columns file and class, for classFrom: csv.", optional: true },
  },
  outputs: () => ["images"],
  check(params, inputs) {
    return mistakesOf(params as OrganizeParams, inputs);
  },
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
};

function mistakesOf(
  { classes, classFrom, splits }: OrganizeParams,
  inputs: ReadonlySet<string>,
): ParamMistake[] {
  const mistakes: ParamMistake[] = [];
  if (classFrom === "csv" && !inputs.has("labels")) {
    mistakes.push({ path: ["classFrom"], message: "classes from a CSV need the input `labels`" });
  }
  if (classFrom !== "csv" && inputs.has("labels")) {
    mistakes.push({ path: ["classFrom"], message: "the input `labels` is read with classFrom: csv only" });
  }
  const names = new Set(Object.values(classes));
  if (names.size < 2) mistakes.push({ path: ["classes"], message: "there is only one class" });
  const folders = Object.values(splits);
  if (new Set(folders).size < folders.length) {
    mistakes.push({ path: ["splits"], message: "two splits have one folder: a picture would be in both" });
  }
  return mistakes;
}
