import { adamRule } from "./adam.ts";
import type { Optimizer } from "./optimizer.ts";
import { rmspropRule } from "./rmsprop.ts";
import type { Rule } from "./rule.ts";
import { sgdRule } from "./sgd.ts";

export function ruleOf(optimizer: Optimizer): Rule {
  switch (optimizer.kind) {
    case "sgd":
      return sgdRule(optimizer);
    case "adam":
    case "adamw":
      return adamRule(optimizer);
    case "rmsprop":
      return rmspropRule(optimizer);
    default:
      return optimizer satisfies never;
  }
}
