import type { ParamMistake } from "../../engine/param-mistake.ts";
import type { ExportParams } from "./declaration.ts";
import { isModelFormat } from "./format-names.ts";

/** What no schema can say of an export. */
export function mistakesOf(
  { format, include }: ExportParams,
  inputs: ReadonlySet<string>,
): readonly ParamMistake[] {
  const mistakes: ParamMistake[] = [];
  const lacks = (input: string, what: string): void => {
    if (inputs.has(input)) return;
    mistakes.push({
      path: ["format"],
      message: `${format} is a format for ${what}, and the input \`${input}\` is not given`,
    });
  };
  if (isModelFormat(format)) {
    lacks("model", "models");
    for (const name of ["network", "weights"].filter((one) => include === "head" && inputs.has(one))) {
      mistakes.push({
        path: ["include"],
        message: `the head alone needs no ${name}: write \`include: all\`, or leave the input out`,
      });
    }
    return mistakes;
  }
  lacks("features", "features");
  if (include === "all") {
    mistakes.push({
      path: ["include"],
      message: `\`include: all\` is for models; ${format} is a format for features`,
    });
  }
  for (const name of ["model", "report", "network", "weights"].filter((one) => inputs.has(one))) {
    mistakes.push({
      path: ["format"],
      message: `${format} is a format for features: leave the input \`${name}\` out`,
    });
  }
  return mistakes;
}
