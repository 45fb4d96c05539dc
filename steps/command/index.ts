import { defineStep } from "../../engine/define-step.ts";
import { declaration } from "./declaration.ts";
import { variableOf } from "./variables.ts";

/** With the shell parser, which only pipelines with commands need. */
let checks: typeof import("./check.ts") | undefined;

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
  async prepare() {
    checks ??= await import("./check.ts");
  },
  check(params, inputs, facts) {
    if (checks === undefined) throw new Error("a command is checked before its check is loaded");
    return checks.mistakesOf(params, inputs, facts);
  },
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
});
