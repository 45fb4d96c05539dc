import { StepError } from "../../../engine/step-type.ts";
import type { Graph } from "../../compute/onnx/graph.ts";
import { type Inferred, inferShapes } from "../networks/infer.ts";
import type { Shape } from "../networks/shapes.ts";
import { type Layer, layersUpTo, type Tensor, type Topology, type Weights } from "../networks/topology.ts";
import type { Scaling } from "../preprocessing.ts";
import { type Builder, newBuilder } from "./builder.ts";
import { appendLayer } from "./layers.ts";
import { affineOf } from "./norm.ts";
import { appendScaling } from "./scaling.ts";

export interface TranslateOptions {
  readonly topology: Topology;
  readonly weights: Weights;
  /** Where the network is cut: nothing above it is computed. */
  readonly layer: string;
  readonly pool: "none" | "average" | "max";
  readonly size: readonly [height: number, width: number];
  readonly scaling: Scaling;
}

/** A graph from pixels (uint8, N × H × W × 3, RGB) to rows (float32, N × length), and the shape of one row. */
export interface Translated {
  readonly graph: Graph;
  /** As it was before it was flattened: height, width, channels, or the length of a vector. */
  readonly shape: readonly number[];
}

/**
 * A network in Keras' vocabulary as an ONNX graph: batch normalization folded
 * into the convolution before it, preprocessing inside, explicit pads. Inside,
 * images are N × C × H × W; rows come out in H, W, C order.
 *
 * @throws StepError for a layer that is not there, not supported, or whose weights do not fit.
 */
export function translate({ topology, weights, layer, pool, size, scaling }: TranslateOptions): Translated {
  requireLayer(topology, layer);
  const layers = layersUpTo(topology, layer);
  const inferred = inferShapes(layers, size);
  checkWeights(layers, inferred, weights);
  const builder = newBuilder();
  const values = new Map<string, string>();
  const folded = foldableNorms(layers);
  for (const current of layers) {
    const [from = ""] = current.inbound;
    if (current.className === "InputLayer") {
      values.set(current.name, appendScaling(builder, "pixels", scaling));
      continue;
    }
    if (folded.has(from)) {
      // Its scale and shift are in the weights of the convolution already.
      values.set(current.name, values.get(from) as string);
      continue;
    }
    const norm = folded.get(current.name);
    const value = appendLayer(builder, current, {
      inputs: current.inbound.map((name) => values.get(name) as string),
      shapes: current.inbound.map((name) => (inferred.get(name) as Inferred).shape),
      shape: (inferred.get(current.name) as Inferred).shape,
      weights: weights.get(current.name) ?? {},
      ...(norm === undefined ? {} : { norm: affineOf(norm, weights.get(norm.name) ?? {}) }),
    });
    values.set(current.name, value);
  }
  const { shape } = inferred.get(layer) as Inferred;
  const row = appendRows(builder, values.get(layer) as string, shape, { pool, layer });
  return {
    shape: row.dims,
    graph: {
      name: topology.name,
      nodes: builder.nodes,
      initializers: builder.initializers,
      inputs: [{ name: "pixels", type: "uint8", dims: ["N", size[0], size[1], 3] }],
      outputs: [
        { name: row.name, type: "float32", dims: ["N", row.dims.reduce((product, dim) => product * dim, 1)] },
      ],
    },
  };
}

function requireLayer({ layers }: Topology, name: string): void {
  if (layers.some((layer) => layer.name === name)) return;
  const names = layers.map((layer) => layer.name);
  const shown = names.length > 12 ? `…, ${names.slice(-12).join(", ")}` : names.join(", ");
  throw new StepError(`the network has no layer "${name}"; its layers are ${shown}`);
}

function checkWeights(
  layers: readonly Layer[],
  inferred: ReadonlyMap<string, Inferred>,
  weights: Weights,
): void {
  for (const { name } of layers) {
    const own: Readonly<Record<string, Tensor>> = weights.get(name) ?? {};
    for (const [role, shape] of Object.entries((inferred.get(name) as Inferred).weights)) {
      const tensor = own[role];
      if (tensor === undefined) throw new StepError(`layer ${name} has no ${role} among the weights`);
      if (JSON.stringify(tensor.shape) !== JSON.stringify(shape)) {
        const found = tensor.shape.join(" × ");
        throw new StepError(
          `the ${role} of layer ${name} is ${found}; the network needs ${shape.join(" × ")}`,
        );
      }
    }
  }
}

/** Normalizations by the name of the convolution they can be folded into: its only consumer, with nothing between. */
function foldableNorms(layers: readonly Layer[]): Map<string, Layer> {
  const folded = new Map<string, Layer>();
  for (const layer of layers) {
    if (layer.className !== "Conv2D" && layer.className !== "DepthwiseConv2D") continue;
    if ((layer.config.activation ?? "linear") !== "linear") continue;
    const consumers = layers.filter(({ inbound }) => inbound.includes(layer.name));
    const [norm] = consumers;
    if (consumers.length === 1 && norm?.className === "BatchNormalization") folded.set(layer.name, norm);
  }
  return folded;
}

interface Cut {
  readonly pool: TranslateOptions["pool"];
  readonly layer: string;
}

/** The last nodes: what one row is, flattened in H, W, C order. */
function appendRows(
  builder: Builder,
  value: string,
  shape: Shape,
  { pool, layer }: Cut,
): { name: string; dims: readonly number[] } {
  if (shape.kind === "vector") {
    if (pool !== "none") throw new StepError(`layer ${layer} gives a vector: there is nothing to pool`);
    return { name: builder.node("Flatten", [value], { axis: { int: 1 } }), dims: [shape.length] };
  }
  if (pool !== "none") {
    const pooled = builder.node(pool === "average" ? "GlobalAveragePool" : "GlobalMaxPool", [value]);
    return { name: builder.node("Flatten", [pooled], { axis: { int: 1 } }), dims: [shape.channels] };
  }
  const last = builder.node("Transpose", [value], { perm: { ints: [0, 2, 3, 1] } });
  const dims = [shape.height, shape.width, shape.channels];
  return { name: builder.node("Flatten", [last], { axis: { int: 1 } }), dims };
}
