import { StepError } from "../../../engine/step-type.ts";
import { lastBeforeClassifier } from "./classifier.ts";
import { networkFile } from "./file-kind.ts";
import { namedNetworks } from "./named.ts";
import { seededWeights } from "./seeded.ts";
import { INPUT, type Topology, type Weights } from "./topology.ts";
import type { Names } from "./weights-by-order.ts";

/** Which network, and whose weights. */
export interface NetworkSource {
  /** A name that flow knows. */
  readonly named?: string;
  /** A TensorFlow.js layers model (`model.json`, or its folder), a `.keras` file, or an `.h5` file with the configuration. */
  readonly path?: string;
  /** Of the pictures, height and width, where it is not the network's own: some that flow knows by name pad by it. */
  readonly size?: readonly [height: number, width: number];
  readonly weights:
    | { readonly kind: "own" }
    | { readonly kind: "seeded" }
    | { readonly kind: "h5"; readonly path: string };
}

export interface Network {
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
    const { topology, weights: own } = await readNetwork(path, given);
    const size = inputSize(topology);
    return {
      topology,
      weights: own,
      layer: lastBeforeClassifier(topology),
      ...(size === undefined ? {} : { size }),
    };
  }
  const known = namedNetworks.get(named ?? "");
  if (known === undefined) throw new Error(`no network is called ${named}`);
  const topology = await known.topology(wanted);
  return {
    topology,
    weights: given === undefined ? seededWeights(topology, known) : await readWeights(given, topology, "any"),
    layer: lastBeforeClassifier(topology),
  };
}

interface ReadNetwork {
  readonly topology: Topology;
  readonly weights: Weights;
}

/** @param given a file with weights to take in place of the network's own. */
async function readNetwork(path: string, given: string | undefined): Promise<ReadNetwork> {
  const { kind, file } = await networkFile(path);
  switch (kind) {
    case "layers-model": {
      const { readLayersModel } = await import("./layers-model.ts");
      const { topology, ownWeights } = await readLayersModel(file);
      return {
        topology,
        weights: given === undefined ? await ownWeights() : await readWeights(given, topology),
      };
    }
    case "h5": {
      const { readH5Model } = await import("./h5-model.ts");
      const { topology, weights } = await readH5Model(file, given === undefined);
      return { topology, weights: given === undefined ? weights : await readWeights(given, topology) };
    }
    case "keras": {
      const { readKerasModel } = await import("./h5-model.ts");
      const { topology, weights } = await readKerasModel(file, given === undefined);
      return { topology, weights: given === undefined ? weights : await readWeights(given, topology) };
    }
    default:
      return kind satisfies never;
  }
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
