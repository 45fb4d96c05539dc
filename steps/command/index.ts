import { defineStep } from "../../engine/define-step.ts";
import { mistakesOf } from "./check.ts";
import { declaration } from "./declaration.ts";
import { variableOf } from "./variables.ts";

export const command = defineStep({
  ...declaration,
  name: "command",
  version: 2,
  description: "Runs any program.",
  runsPrograms: true,
  templates: {
    // A shell reads its line: what is put in must not become part of the syntax.
    keepsValuesApart: (path) => path.length === 1 && path[0] === "run",
    variables: { parameter: "env", nameOf: (param) => variableOf("params", param) },
  },
  check: mistakesOf,
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
});
