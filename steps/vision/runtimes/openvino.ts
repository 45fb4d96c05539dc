import { StepError } from "../../../engine/step-type.ts";
import { openOpenvino } from "../../compute/openvino/session.ts";
import { onnxProgram } from "../onnx/program.ts";
import type { Runtime } from "./runtime.ts";

/** OpenVINO's CPU engine. */
export const runtime: Runtime = {
  async open(program, { precision, device, threads, libraries }) {
    if (device !== "cpu")
      throw new StepError(`OpenVINO computes on the CPU here: leave \`device: ${device}\` out`);
    if (libraries === undefined) throw new Error("OpenVINO is opened with its libraries");
    // Of the program, which holds the weights, only this is kept for later.
    const { bytes, inputShape, rowLength } = onnxProgram(program);
    const session = openOpenvino(bytes, {
      libraries,
      precision,
      ...(threads === undefined ? {} : { threads }),
    });
    return {
      device: "cpu",
      run: (pixels, count, into) => session.run(pixels, [count, ...inputShape], into, [count, rowLength]),
      close: () => session.close(),
    };
  },
};
