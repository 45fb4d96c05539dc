import { StepError } from "../../../engine/step-type.ts";
import { lastBeforeClassifier } from "./classifier.ts";
import { networkFile } from "./file-kind.ts";
import { namedNetworks } from "./named.ts";
import type { OnnxNetwork } from "./onnx-network.ts";
import { ownWeights } from "./own-weights.ts";
import { readNetworkFile } from "./read-network-file.ts";
import { seededWeights } from "./seeded.ts";
import { INPUT, type Topology, type Weights } from "./topology.ts";
import type { Names } from "./weights-by-order.ts";

/** Which network, and whose weights. */
export interface NetworkSource {
  /** A name that flow knows. */
  readonly named?: string;
  /** A TensorFlow.js layers model (`model.json`, or its folder), a `.keras` file, an `.h5` file with the configuration, or an `.onnx` file. */
  readonly path?: string;
  /** Of the pictures, height and width, where it is not the network's own: some that flow knows by name pad by it. */
  readonly size?: readonly [height: number, width: number];
  readonly weights:
    | { readonly kind: "own" }
    | { readonly kind: "seeded" }
    | { readonly kind: "h5"; readonly path: string };
}

/** Layers of Keras', which flow translates, or operators of ONNX', which are executed as they are. */
export type Network = KerasNetwork | OnnxNetwork;

export interface KerasNetwork {
  readonly kind: "keras";
  readonly topology: Topology;
  readonly weights: Weights;
  /** Where it is cut unless a layer is named: the last one before the classifier. */
  readonly layer: string;
  /** Height and width in pixels, where the network fixes them. */
  readonly size?: readonly [height: number, width: number];
}

/**
 * Reads a network and its weights.
 *
 * @throws StepError where a file is missing, damaged or not supported, or the weights are another network's.
 */
export async function openNetwork({ named, path, size: wanted, weights }: NetworkSource): Promise<Network> {
  const given = weights.kind === "h5" ? weights.path : undefined;
  if (path !== undefined) {
    const file = await networkFile(path);
    if (file.kind === "onnx") return openOnnx(file.file, given);
    const { topology, weights: own } = await readNetworkFile(file, given === undefined);
    const taken = given === undefined ? own : await readWeights(given, topology);
    const size = inputSize(topology);
    return {
      kind: "keras",
      topology,
      weights: taken,
      layer: lastBeforeClassifier(topology),
      ...(size === undefined ? {} : { size }),
    };
  }
  const known = namedNetworks.get(named ?? "");
  if (known === undefined) throw new Error(`no network is called ${named}`);
  const topology = await known.topology(wanted);
  return {
    kind: "keras",
    topology,
    weights: given === undefined ? seededWeights(topology, known) : await readWeights(given, topology, "any"),
    layer: lastBeforeClassifier(topology),
  };
}

async function openOnnx(file: string, given: string | undefined): Promise<OnnxNetwork> {
  if (given !== undefined) throw new StepError(ownWeights);
  const { openOnnxNetwork } = await import("./onnx-network.ts");
  return openOnnxNetwork(file);
}

/**
 * Where a network is cut unless a layer is named.
 *
 * @throws StepError where an ONNX network has several outputs.
 */
export function defaultLayer(network: Network): string {
  if (network.kind === "keras" || network.model.outputs.length === 1) return network.layer;
  const names = network.model.outputs.map(({ name }) => name).join(", ");
  throw new StepError(
    `the network has several outputs: name one of them as \`layer\`, ${names}, or any other tensor`,
  );
}

async function readWeights(path: string, topology: Topology, names?: Names): Promise<Weights> {
  const { readWeightsFile } = await import("./h5-model.ts");
  return readWeightsFile(path, topology, names);
}

/** [null, height, width, 3] in Keras 2, `batch_shape` in Keras 3. */
function inputSize({ calls }: Topology): readonly [number, number] | undefined {
  const inputs = calls.filter(({ layer }) => layer.className === INPUT);
  const config = inputs[0]?.layer.config;
  const shape = config?.batch_input_shape ?? config?.batch_shape;
  if (!Array.isArray(shape)) return undefined;
  const [, height, width, channels] = shape as readonly unknown[];
  // Of several inputs it depends on the cut which of them is the picture.
  if (inputs.length > 1) return undefined;
  if (shape.length !== 4)
    throw new StepError("the network does not take images: its input has no height, width and channels");
  if (channels !== 3 && channels !== null)
    throw new StepError(`the network takes images of ${String(channels)} channels, not 3`);
  return typeof height === "number" && typeof width === "number" ? [height, width] : undefined;
}
