import { StepError } from "../../../engine/step-type.ts";
import { findLayer } from "./find-layer.ts";
import { type Call, type Topology, takenBy } from "./topology.ts";

/**
 * The last layer before the classifier, or the last one where there is none. A
 * classifier is what ends a network: dense layers, or convolutions over the one
 * pixel that pooling leaves, with activations, normalizations and the like between.
 */
export function lastBeforeClassifier(topology: Topology): string {
  const calls = new Map(topology.calls.map((call) => [call.id, call]));
  const output = topology.outputs[0] ?? topology.calls.at(-1)?.id;
  if (output === undefined) throw new StepError(`the network ${topology.name} has no layers`);
  let cut = output;
  for (let at: string | undefined = output; at !== undefined; ) {
    const call = calls.get(at) as Call;
    const input = onlyInput(call);
    const isWeighted = isDense(call, calls);
    if (input === undefined || !(isWeighted || between.has(call.layer.className))) break;
    if (isWeighted) cut = input;
    at = input;
  }
  if (cut !== output) cut = beforeFlattening(cut, calls);
  return nameOf(topology, calls.get(cut) as Call);
}

const nothingAtInference = [
  "Dropout",
  "SpatialDropout2D",
  "GaussianDropout",
  "GaussianNoise",
  "AlphaDropout",
];
const flattening = new Set(["Flatten", ...nothingAtInference]);
const pointwise = [
  ...nothingAtInference,
  "Activation",
  "ReLU",
  "LeakyReLU",
  "ELU",
  "PReLU",
  "Softmax",
  "BatchNormalization",
  "LayerNormalization",
];
const between = new Set([...pointwise, "Flatten", "Reshape"]);
const elementwise = new Set(pointwise);

type Calls = ReadonlyMap<string, Call>;

function isDense({ layer, ...call }: Call, calls: Calls): boolean {
  if (layer.className === "Dense") return true;
  const input = onlyInput(call);
  const isSmall =
    layer.className === "Conv2D" && [layer.config.kernel_size].flat().every((size) => size === 1);
  return isSmall && input !== undefined && isOnePixel(input, calls);
}

/** Whether a value is an image of 1 × 1. */
function isOnePixel(id: string, calls: Calls): boolean {
  for (let at: string | undefined = id; at !== undefined; ) {
    const call = calls.get(at) as Call;
    const { className, config } = call.layer;
    if (className === "GlobalAveragePooling2D" || className === "GlobalMaxPooling2D") return true;
    if (className === "Reshape") return JSON.stringify(config.target_shape)?.startsWith("[1,1,") ?? false;
    const isSmall = className === "Conv2D" && [config.kernel_size].flat().every((size) => size === 1);
    if (!isSmall && !elementwise.has(className)) return false;
    at = onlyInput(call);
  }
  return false;
}

function onlyInput(call: Pick<Call, "args" | "named">): string | undefined {
  const taken = takenBy(call);
  return taken.length === 1 ? taken[0] : undefined;
}

function beforeFlattening(id: string, calls: Calls): string {
  let at = id;
  for (;;) {
    const call = calls.get(at) as Call;
    const input = onlyInput(call);
    if (input === undefined || !flattening.has(call.layer.className)) return at;
    at = input;
  }
}

/** A layer's own name where that is enough. */
function nameOf(topology: Topology, { id, layer }: Call): string {
  try {
    if (findLayer(topology, layer.name) === id) return layer.name;
  } catch {
    // Others have the same name.
  }
  return topology.results.get(layer.path)?.length === 1 ? layer.path : usedName(topology, id, layer.path);
}

function usedName({ results }: Topology, id: string, path: string): string {
  return `${path}:${(results.get(path) ?? []).indexOf(id) + 1}`;
}
