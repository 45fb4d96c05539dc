import { StepError } from "../../../engine/step-type.ts";
import { isNeverNegative } from "../../vision/graph/fold.ts";
import { type Graph, inputsOf, type Node, type Value } from "../../vision/graph/graph.ts";
import { Refusal } from "../../vision/graph/shapes.ts";
import type { LayersBuilder } from "./builder.ts";
import type { ModelLayer } from "./model-layer.ts";
import { namesOf } from "./names.ts";
import { appendOperator, type Place } from "./operators.ts";
import { type Pattern, patternOf } from "./patterns.ts";
import { activated, alongAxes, softmax } from "./pieces.ts";
import { appendPixels, type PixelMap, pixelMaps } from "./pixels.ts";

/**
 * Appends a network as layers.
 *
 * @param pixels the layer that gives them.
 * @throws StepError naming what no layers compute.
 */
export function appendGraph(builder: LayersBuilder, pixels: ModelLayer, graph: Graph): ModelLayer {
  const names = namesOf(graph);
  const made = new Map([[graph.input.id, pixels]]);
  const makers = new Map(graph.nodes.map((node) => [node.output.id, node]));
  const place: Place = {
    builder,
    take: ({ id }) => {
      const layer = made.get(id);
      if (layer === undefined) throw new Error("a value is made before it is taken");
      return layer;
    },
    isNeverNegative: ({ id }) => isNeverNegative(makers, id),
  };
  for (const part of partsOf(graph)) {
    const { output } = part.node;
    const name = part.kind === "pixels" ? "preprocessing" : (names.get(output.id) as string);
    try {
      made.set(
        output.id,
        builder.named(name, () => append(place, part, pixels)),
      );
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new StepError(`${name} of the network: ${error.message}; export the model as onnx`);
    }
  }
  return place.take(graph.output);
}

/** What becomes layers together, and what it takes. */
type Part = { readonly node: Node; readonly takes: readonly Value[] } & (
  | { readonly kind: "operator" }
  | { readonly kind: "pattern"; readonly pattern: Pattern }
  | { readonly kind: "pixels"; readonly map: PixelMap }
);

/** Those that the output depends on, each after all it takes from. */
function partsOf(graph: Graph): readonly Part[] {
  const makers = new Map(graph.nodes.map((node) => [node.output.id, node]));
  const maps = pixelMaps(graph.nodes, graph.input);
  const needed = new Set([graph.output.id]);
  const parts: Part[] = [];
  for (const node of graph.nodes.toReversed()) {
    const { id } = node.output;
    if (!needed.has(id)) continue;
    const map = maps.get(id);
    const pattern = map === undefined ? patternOf(node.output, makers) : undefined;
    const part: Part =
      map !== undefined
        ? { kind: "pixels", map, node, takes: [graph.input] }
        : pattern !== undefined
          ? { kind: "pattern", pattern, node, takes: [pattern.input] }
          : { kind: "operator", node, takes: inputsOf(node.operator) };
    for (const value of part.takes) needed.add(value.id);
    parts.push(part);
  }
  return parts.reverse();
}

function append(place: Place, part: Part, pixels: ModelLayer): ModelLayer {
  const { builder } = place;
  switch (part.kind) {
    case "pixels":
      return appendPixels(builder, pixels, part.map);
    case "operator":
      return appendOperator(place, part.node.operator, part.node.output);
    case "pattern":
      return appendPattern(builder, place.take(part.pattern.input), part.pattern);
    default:
      return part satisfies never;
  }
}

function appendPattern(builder: LayersBuilder, from: ModelLayer, pattern: Pattern): ModelLayer {
  switch (pattern.kind) {
    case "activation":
      return activated(builder, from, pattern.activation);
    case "softmax":
      return softmax(builder, from, pattern.axes);
    case "layerNormalization": {
      const { axes, epsilon, gamma, beta } = pattern;
      return alongAxes(builder, from, axes, (last) =>
        builder.add(last, {
          className: "LayerNormalization",
          config: {
            axis: axes.map((_, at) => last.shape.length - at).reverse(),
            epsilon,
            center: beta !== undefined,
            scale: gamma !== undefined,
          },
          weights: { ...(gamma === undefined ? {} : { gamma }), ...(beta === undefined ? {} : { beta }) },
          shape: last.shape,
        }),
      );
    }
    default:
      return pattern satisfies never;
  }
}
