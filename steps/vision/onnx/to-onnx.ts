import type { Graph as OnnxGraph } from "../../compute/onnx/graph.ts";
import { type Graph, lengthOf, type Value } from "../graph/graph.ts";
import { newBuilder } from "./builder.ts";
import { newLayouts } from "./layouts.ts";
import { appendOperator } from "./operators.ts";

/**
 * A graph in ONNX' vocabulary: from `pixels` (uint8, N × height × width × 3) to
 * one output for each of `values` (float32, N × length), flattened in flow's
 * order of axes. Inside, images are N × channels × height × width, as
 * onnxruntime computes them; they are turned only where an operator needs it.
 */
export function toOnnx(graph: Graph, values: readonly Value[] = [graph.output]): OnnxGraph {
  const builder = newBuilder();
  const layouts = newLayouts(builder);
  layouts.set(graph.input, "last", "pixels");
  for (const { operator, output } of graph.nodes) {
    const { layout, name } = appendOperator({ builder, layouts, output }, operator);
    layouts.set(output, layout, name);
  }
  return {
    name: graph.name,
    nodes: builder.nodes,
    initializers: builder.initializers,
    inputs: [{ name: "pixels", type: "uint8", dims: ["N", ...graph.input.shape] }],
    outputs: values.map((value) => ({
      name: builder.node("Flatten", [layouts.name(value, "last")], { axis: { int: 1 } }),
      type: "float32",
      dims: ["N", lengthOf(value.shape)],
    })),
  };
}
