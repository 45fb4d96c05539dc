import { StepError } from "../../../engine/step-type.ts";
import { encodeGraph } from "../../compute/onnx/graph.ts";
import { openOpenvino } from "../../compute/openvino/session.ts";
import { lengthOf } from "../graph/graph.ts";
import { toOnnx } from "../onnx/to-onnx.ts";
import type { Runtime } from "./runtime.ts";

/** OpenVINO's CPU engine. */
export const runtime: Runtime = {
  async open(graph, { precision, device, threads, libraries }) {
    if (device !== "cpu")
      throw new StepError(`OpenVINO computes on the CPU here: leave \`device: ${device}\` out`);
    if (libraries === undefined) throw new Error("OpenVINO is opened with its libraries");
    const session = openOpenvino(encodeGraph(toOnnx(graph)), {
      libraries,
      precision,
      ...(threads === undefined ? {} : { threads }),
    });
    // Not the graph itself, which holds the weights, is kept for later.
    const { shape } = graph.input;
    const rowLength = lengthOf(graph.output.shape);
    return {
      device: "cpu",
      run: (pixels, count, into) => session.run(pixels, [count, ...shape], into, [count, rowLength]),
      close: () => session.close(),
    };
  },
};
