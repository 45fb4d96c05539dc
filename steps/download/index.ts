import { defineStep } from "../../engine/define-step.ts";
import { mistakesOf } from "./check.ts";
import { declaration } from "./declaration.ts";

export const download = defineStep({
  ...declaration,
  name: "download",
  version: 1,
  description: "Fetches a file over https or http, and unpacks it.",
  check: mistakesOf,
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
});
