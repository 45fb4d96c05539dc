import { StepError } from "../../../engine/step-type.ts";
import { encodeGraph } from "../../compute/onnx/graph.ts";
import { openSession } from "../../compute/onnx/session.ts";
import { lengthOf } from "../graph/graph.ts";
import { toOnnx } from "../onnx/to-onnx.ts";
import type { Runtime } from "./runtime.ts";

/** The embedded runtime: installed with flow, on every platform. */
export const runtime: Runtime = {
  async open(graph, { threads, device }) {
    const onnx = toOnnx(graph);
    if (device === "cuda")
      throw new StepError("onnxruntime has no CUDA here: take `device: webgpu`, or `runtime: tensorflow`");
    const [output] = onnx.outputs;
    if (output === undefined) throw new Error("a graph has an output");
    const session = await openSession(encodeGraph(onnx), {
      device,
      ...(threads === undefined ? {} : { threads }),
    }).catch(async (error: Error) => {
      if (device === "cpu") throw error;
      const { vulkanNeeds } = await import("../../compute/devices/vulkan.ts");
      throw new StepError(
        `onnxruntime finds no GPU for \`device: webgpu\` (${firstLine(error)}): it takes ${vulkanNeeds}, or take \`device: cpu\``,
      );
    });
    // Not the graph itself, which holds the weights, is kept for later.
    const { shape } = graph.input;
    const rowLength = lengthOf(graph.output.shape);
    return {
      device: device === "cpu" ? "cpu" : await nameOfGpu(),
      async run(pixels, count, into) {
        await session.run(
          { pixels: { type: "uint8", dims: [count, ...shape], data: pixels } },
          { [output.name]: { type: "float32", dims: [count, rowLength], data: into } },
        );
      },
      close: () => session.close(),
    };
  },
};

/** The GPU that is taken: the first that is none of software, else the first. */
async function nameOfGpu(): Promise<string> {
  const { vulkanDevices } = await import("../../compute/devices/vulkan.ts");
  const devices = vulkanDevices();
  const [gpu] = [...devices.filter(({ isSoftware }) => !isSoftware), ...devices];
  return gpu === undefined ? "webgpu" : `webgpu: ${gpu.name}`;
}

function firstLine({ message }: Error): string {
  // A line of C++ begins with file and function.
  return (message.split("\n")[0] ?? "").replace(/^.* was false\. /, "");
}
