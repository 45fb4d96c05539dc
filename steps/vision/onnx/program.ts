import { encodeGraph } from "../../compute/onnx/graph.ts";
import { lengthOf } from "../graph/graph.ts";
import type { OnnxProgram, Program } from "../runtimes/runtime.ts";
import { toOnnx } from "./to-onnx.ts";

/** A program as an ONNX model: what onnxruntime and OpenVINO execute. */
export function onnxProgram(program: Program): OnnxProgram {
  if (program.kind === "onnx") return program;
  const { graph } = program;
  const onnx = toOnnx(graph);
  const [output] = onnx.outputs;
  if (output === undefined) throw new Error("a graph has an output");
  return {
    kind: "onnx",
    bytes: encodeGraph(onnx),
    input: "pixels",
    inputShape: graph.input.shape,
    output: output.name,
    rowLength: lengthOf(graph.output.shape),
  };
}
