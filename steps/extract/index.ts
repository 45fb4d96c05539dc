import { defineStep } from "../../engine/define-step.ts";
import type { ParamMistake } from "../../engine/step-type.ts";
import { requiredRuntime } from "../compute/runtimes/catalog.ts";
import { namedNetworks } from "../vision/networks/named.ts";
import { declaration, type ExtractParams } from "./declaration.ts";
import { requiredWeights } from "./required-weights.ts";

export const extract = defineStep({
  ...declaration,
  name: "extract",
  version: 2,
  storeVersion: 1,
  description: "Turns images into features with a network cut at a layer.",
  check(params, inputs) {
    return mistakesOf(params, inputs);
  },
  requires(params, inputs) {
    const weights = requiredWeights(params, inputs);
    const { runtime } = params;
    return [
      ...(weights === undefined ? [] : [weights]),
      ...(runtime === "onnxruntime" ? [] : [requiredRuntime(runtime)]),
    ];
  },
  async run(ctx) {
    await (await import("./run.ts")).run(ctx);
  },
});

function mistakesOf(
  { network, weights, input }: ExtractParams,
  inputs: ReadonlySet<string>,
): readonly ParamMistake[] {
  const mistakes: ParamMistake[] = [];
  const given = inputs.has("network");
  if (given && network !== undefined) {
    mistakes.push({ path: ["network"], message: "the network is an input already; leave one of them out" });
  }
  if (!given && network === undefined) {
    mistakes.push({
      path: [],
      message: "no network is named and none is an input",
      hint: `name one, \`network: ${[...namedNetworks.keys()].join("` or `")}\`, or give one under \`inputs\``,
    });
  }
  if (weights !== undefined && inputs.has("weights")) {
    mistakes.push({ path: ["weights"], message: "the weights are an input already; leave one of them out" });
  } else if (weights !== undefined && given) {
    mistakes.push({ path: ["weights"], message: "the network that is an input brings its own weights" });
  }
  if (given && input?.scaling === undefined) {
    mistakes.push({
      path: ["input"],
      message: "how pixel values are scaled for this network is not said",
      hint: "add `input: { scaling: … }`: caffe, tf, torch, none or { mean: …, std: … }",
    });
  }
  return mistakes;
}
