import { defineStep } from "../../engine/define-step.ts";
import type { ParamMistake } from "../../engine/step-type.ts";
import { declaration, type OrganizeParams } from "./declaration.ts";

export const organize = defineStep({
  ...declaration,
  name: "organize",
  version: 2,
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
  for (const [what, words] of [
    ["words", Object.keys(classes)],
    ["names", [...names]],
  ] as const) {
    const alike = spelledAlike(words);
    if (alike !== undefined) {
      mistakes.push({
        path: ["classes"],
        message: `two ${what} of classes differ only in Unicode form: ${alike}`,
      });
    }
  }
  const folders = Object.values(splits);
  if (spelledAlike(folders) !== undefined) {
    mistakes.push({ path: ["splits"], message: "two splits have one folder: a picture would be in both" });
  }
  return mistakes;
}

/** The first of some texts that is there twice, whatever the Unicode form. */
function spelledAlike(texts: readonly string[]): string | undefined {
  const composed = texts.map((text) => text.normalize("NFC"));
  return composed.find((text, at) => composed.indexOf(text) < at);
}
