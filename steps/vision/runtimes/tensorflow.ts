import { StepError } from "../../../engine/step-type.ts";
import { openTensorflow } from "../../compute/tensorflow/session.ts";
import { lengthOf } from "../graph/graph.ts";
import { newExecution } from "../tensorflow/execution.ts";
import { noOnnx } from "./no-onnx.ts";
import type { Runtime } from "./runtime.ts";

/** TensorFlow, through the operations of TensorFlow.js. */
export const runtime: Runtime = {
  async open(program, { precision, device, threads, libraries }) {
    if (program.kind === "onnx") throw new StepError(noOnnx);
    const { graph } = program;
    if (device === "webgpu") {
      throw new StepError(
        "TensorFlow has no WebGPU: leave `device: webgpu` out, or take `runtime: onnxruntime`",
      );
    }
    if (precision === "bf16") {
      throw new StepError("TensorFlow computes in float32 here: bf16 is OpenVINO's (`runtime: openvino`)");
    }
    if (libraries === undefined) throw new Error("TensorFlow is opened with its libraries");
    const session = await openTensorflow({
      libraries,
      device,
      ...(threads === undefined ? {} : { threads }),
    });
    const execution = newExecution(session, graph);
    const pixelsLength = lengthOf(graph.input.shape);
    const rowLength = lengthOf(graph.output.shape);
    return {
      device: session.device,
      async run(pixels, count, into) {
        execution.run(pixels.subarray(0, count * pixelsLength), count, into.subarray(0, count * rowLength));
      },
      async close() {
        execution.free();
        session.close();
      },
    };
  },
};
