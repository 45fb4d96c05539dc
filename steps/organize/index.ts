import { defineStep } from "../../engine/define-step.ts";
import type { ParamMistake } from "../../engine/step-type.ts";
import { declaration, type OrganizeParams } from "./declaration.ts";

export const organize = defineStep({
  ...declaration,
  name: "organize",
  version: 1,
  description: "Brings pictures into splits and classes.",
  check(params, inputs) {
    return mistakesOf(params, inputs);
  },
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
});

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
