import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../../../engine/step-type.ts";
import { appended } from "../../compute/onnx/append.ts";
import { elementTypes } from "../../compute/onnx/element-types.ts";
import { encodeGraph, type Metadata } from "../../compute/onnx/graph.ts";
import { joined } from "../../compute/onnx/pieces.ts";
import type { ModelDescription } from "../../learning/heads/model.ts";
import { newBuilder, nodesOf } from "../../vision/onnx/builder.ts";
import { onnxProgram } from "../../vision/onnx/program.ts";
import type { Program } from "../../vision/runtimes/runtime.ts";
import type { ExportedModel, Format } from "../format.ts";
import { tensorNames } from "../format.ts";
import { onnxExamples } from "./onnx-examples.ts";
import { appendHead, OLDEST_FOR_HEAD } from "./onnx-head.ts";

const file = "model.onnx";
/** What protocol buffers can hold. */
const MOST_BYTES = 2 ** 31 - 1;

/** One file in ONNX' operator set 17, or in that of an ONNX network that is part of it (onnx.ai). */
export const onnx: Format<ExportedModel> = {
  async write({ model, extractor }, folder) {
    const bytes = model.layers.reduce((sum, { kernel }) => sum + kernel.byteLength, 0);
    if (bytes > MOST_BYTES) {
      throw new StepError(
        `the weights of the head are ${(bytes / 1e9).toFixed(1)} GB, and an ONNX file holds 2.1: use \`format: keras\``,
      );
    }
    await writeFile(
      join(folder, file),
      extractor === undefined ? headAlone(model) : await joined(whole(model, extractor), "the model"),
    );
  },
  examples: onnxExamples,
};

function headAlone(model: ExportedModel["model"]): Uint8Array {
  const { classes, inputLength } = model.description;
  const builder = newBuilder();
  const last = appendHead(builder, model, tensorNames.features);
  const output = { op: "Identity", inputs: [last], outputs: [tensorNames.probabilities] };
  return encodeGraph({
    name: "head",
    nodes: [...builder.nodes, output],
    initializers: builder.initializers,
    inputs: [{ name: tensorNames.features, type: "float32", dims: ["N", inputLength] }],
    outputs: [{ name: tensorNames.probabilities, type: "float32", dims: ["N", classes.length] }],
    metadata: metadataOf(model.description),
  });
}

function whole(model: ExportedModel["model"], extractor: Program): ReturnType<typeof appended> {
  const { description } = model;
  const { bytes, input, inputShape, output, batch = "N" } = onnxProgram(extractor);
  return appended(bytes, (prefix, operatorSet) => {
    if (operatorSet < OLDEST_FOR_HEAD) {
      throw new StepError(
        `the network is in version ${operatorSet} of ONNX' operators, and the head needs ${OLDEST_FOR_HEAD}: export the network anew, or the head alone`,
      );
    }
    const builder = newBuilder(prefix);
    const last = appendHead(builder, model, roundedRows(builder, description, output));
    const names = {
      pixels: input === tensorNames.pixels ? input : `${prefix}${tensorNames.pixels}`,
      probabilities: `${prefix}${tensorNames.probabilities}`,
    };
    return {
      before: names.pixels === input ? [] : [{ op: "Identity", inputs: [names.pixels], outputs: [input] }],
      behind: [...nodesOf(builder), { op: "Identity", inputs: [last], outputs: [names.probabilities] }],
      input: { name: names.pixels, type: "uint8", dims: [batch, ...inputShape] },
      output: { name: names.probabilities, type: "float32", dims: [batch, description.classes.length] },
      metadata: {
        ...metadataOf(description),
        "flow.preprocessing": JSON.stringify(description.preprocessing),
      },
    };
  });
}

/** Rows as they were kept when the head was trained on them. */
function roundedRows(
  builder: ReturnType<typeof newBuilder>,
  { extractor }: ModelDescription,
  rows: string,
): string {
  if (extractor.dtype !== "float16") return rows;
  return ["float16", "float32"].reduce(
    (values, type) => builder.node("Cast", [values], { to: { int: elementTypes[type as "float16"] } }),
    rows,
  );
}

function metadataOf({ classes }: ModelDescription): Metadata {
  return { "flow.classes": JSON.stringify(classes) };
}
