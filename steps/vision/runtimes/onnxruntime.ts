import { StepError } from "../../../engine/step-type.ts";
import { openSession } from "../../compute/onnx/session.ts";
import { onnxProgram } from "../onnx/program.ts";
import { refusalOf } from "./refusal.ts";
import type { Runtime } from "./runtime.ts";

/** The embedded runtime: installed with flow, on every platform. */
export const runtime: Runtime = {
  async open(program, { threads, device }) {
    if (device === "cuda")
      throw new StepError("onnxruntime has no CUDA here: take `device: webgpu`, or `runtime: tensorflow`");
    const isOwn = program.kind === "graph";
    // Of the program, which holds the weights, only this is kept for later.
    const { bytes, input, inputShape, output, rowLength } = onnxProgram(program);
    const session = await openSession(bytes, {
      device,
      ...(threads === undefined ? {} : { threads }),
    }).catch(async (error: Error) => {
      if (device === "cpu" && isOwn) throw error;
      if (device === "cpu") throw new StepError(`the network cannot be computed: ${refusalOf(error)}`);
      const { vulkanNeeds } = await import("../../compute/devices/vulkan.ts");
      throw new StepError(
        `onnxruntime finds no GPU for \`device: webgpu\` (${firstLine(error)}): it takes ${vulkanNeeds}, or take \`device: cpu\``,
      );
    });
    return {
      device: device === "cpu" ? "cpu" : await nameOfGpu(),
      async run(pixels, count, into) {
        await session.run(
          { [input]: { type: "uint8", dims: [count, ...inputShape], data: pixels } },
          { [output]: { type: "float32", dims: [count, rowLength], data: into } },
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
