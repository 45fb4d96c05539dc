import { readModel } from "../../compute/onnx/read/model.ts";
import { memorySource } from "../../compute/onnx/read/wire.ts";
import { namesIn, unusedPrefix } from "../../compute/onnx/unused-names.ts";
import type { Program } from "../../vision/runtimes/runtime.ts";
import { tensorNames } from "../format.ts";

/** What goes in and comes out of a model that begins with a program: `tensorNames`, where its network has no such names. */
export function tensorNamesIn(program: Program): { readonly pixels: string; readonly probabilities: string } {
  if (program.kind === "graph") return tensorNames;
  const taken = namesIn(readModel(memorySource("the network", program.bytes)));
  return {
    pixels: taken.has(tensorNames.pixels) ? program.input : tensorNames.pixels,
    probabilities: taken.has(tensorNames.probabilities)
      ? `${unusedPrefix(taken, "head_")}${tensorNames.probabilities}`
      : tensorNames.probabilities,
  };
}
