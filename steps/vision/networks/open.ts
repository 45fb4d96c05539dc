import { StepError } from "../../../engine/step-type.ts";
import { namedNetworks } from "./named.ts";
import { seededWeights } from "./seeded.ts";
import type { Topology, Weights } from "./topology.ts";

/** Which network, and whose weights. */
export interface NetworkSource {
  /** A name that flow knows. */
  readonly named?: string;
  /** `model.json` of a TensorFlow.js layers model, or its folder. */
  readonly path?: string;
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
 * @throws StepError where a file is missing, damaged or not supported.
 */
export async function openNetwork({ named, path, weights }: NetworkSource): Promise<Network> {
  if (path !== undefined) {
    const { readLayersModel } = await import("./layers-model.ts");
    const model = await readLayersModel(path);
    const size = inputSize(model.topology);
    const given = weights.kind === "h5" ? await readH5(weights.path) : model.weights;
    return {
      topology: model.topology,
      weights: withDepthwiseKernels(model.topology, given),
      layer: lastBeforeClassifier(model.topology),
      ...(size === undefined ? {} : { size }),
    };
  }
  const topology = namedNetworks.get(named ?? "")?.topology();
  if (topology === undefined) throw new Error(`no network is called ${named}`);
  return {
    topology,
    weights: weights.kind === "h5" ? await readH5(weights.path) : seededWeights(topology),
    layer: lastBeforeClassifier(topology),
  };
}

async function readH5(path: string): Promise<Weights> {
  const { readH5Weights } = await import("./h5.ts");
  return readH5Weights(path);
}

/** Keras 3 calls a depthwise kernel `kernel`, Keras 2 and TensorFlow.js `depthwise_kernel`. */
function withDepthwiseKernels({ layers }: Topology, weights: Weights): Weights {
  const renamed = new Map(weights);
  for (const { name, className } of layers) {
    const { kernel, ...rest } = weights.get(name) ?? {};
    if (className === "DepthwiseConv2D" && kernel) renamed.set(name, { depthwise_kernel: kernel, ...rest });
  }
  return renamed;
}

const classifier = new Set(["Dense", "Activation", "Dropout", "Flatten"]);

/** The last layer with none but a classifier's above it. */
function lastBeforeClassifier({ layers, name }: Topology): string {
  const hasDense = layers.some(({ className }) => className === "Dense");
  const last = layers.findLast(({ className }) => !hasDense || !classifier.has(className));
  if (last === undefined) throw new StepError(`the network ${name} has no layer before its classifier`);
  return last.name;
}

/** [null, height, width, 3] in Keras 2, `batch_shape` in Keras 3. */
function inputSize({ layers }: Topology): readonly [number, number] | undefined {
  const config = layers.find(({ className }) => className === "InputLayer")?.config;
  const shape = config?.batch_input_shape ?? config?.batch_shape;
  if (!Array.isArray(shape)) return undefined;
  const [, height, width, channels] = shape as readonly unknown[];
  if (channels !== 3) throw new StepError(`the network takes images of ${String(channels)} channels, not 3`);
  return typeof height === "number" && typeof width === "number" ? [height, width] : undefined;
}
