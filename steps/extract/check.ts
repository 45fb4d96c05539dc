import { inLines } from "../../engine/document/suggest.ts";
import type { Facts, ParamMistake } from "../../engine/param-mistake.ts";
import { runtimeMistakes } from "../compute/runtimes/check.ts";
import { namedNetworks } from "../vision/networks/named.ts";
import { isOnnx } from "../vision/networks/network-files.ts";
import { ownWeights } from "../vision/networks/own-weights.ts";
import { noOnnx } from "../vision/runtimes/no-onnx.ts";
import type { ExtractParams } from "./declaration.ts";

/** What no schema can say of an extraction. */
export function mistakesOf(
  params: ExtractParams,
  inputs: ReadonlySet<string>,
  facts: Facts,
): readonly ParamMistake[] {
  const onnx = inputs.has("network") && facts.inputs.some(isOnnx) ? onnxMistakes(params, inputs) : [];
  return [...networkMistakes(params, inputs), ...layerMistakes(params), ...runtimeMistakes(params), ...onnx];
}

/** A list of one layer is that layer: what it gives has one name. */
export function normalized(params: ExtractParams): ExtractParams {
  const [only, ...others] = Array.isArray(params.layer) ? params.layer : [];
  return only === undefined || others.length > 0 ? params : { ...params, layer: only };
}

function onnxMistakes({ runtime }: ExtractParams, inputs: ReadonlySet<string>): readonly ParamMistake[] {
  return [
    ...(runtime === "tensorflow" ? [{ path: ["runtime"], message: noOnnx }] : []),
    ...(inputs.has("weights") ? [{ path: [], message: ownWeights }] : []),
  ];
}

function networkMistakes(
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
      hint: `give one under \`inputs\`, or one of these as \`network\`:\n${inLines([...namedNetworks.keys()])}`,
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

function layerMistakes({ layer }: ExtractParams): readonly ParamMistake[] {
  const names = Array.isArray(layer) ? layer : [];
  return names.flatMap((name, at) =>
    names.indexOf(name) === at
      ? []
      : [{ path: ["layer", String(at)], message: `the layer "${name}" is named twice` }],
  );
}
