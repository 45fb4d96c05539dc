import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../../../engine/step-type.ts";
import { appended } from "../../compute/onnx/append.ts";
import { elementTypes } from "../../compute/onnx/element-types.ts";
import { encodeGraph, type Metadata } from "../../compute/onnx/graph.ts";
import { joined, type Piece } from "../../compute/onnx/pieces.ts";
import { unusedPrefix } from "../../compute/onnx/unused-names.ts";
import type { Model, ModelDescription } from "../../learning/heads/model.ts";
import { type Builder, newBuilder, nodesOf } from "../../vision/onnx/builder.ts";
import { onnxProgram } from "../../vision/onnx/program.ts";
import type { OnnxProgram } from "../../vision/runtimes/runtime.ts";
import type { ExportedModel, Format } from "../format.ts";
import { tensorNames } from "../format.ts";
import { onnxExamples } from "./onnx-examples.ts";
import { appendHead, OLDEST_FOR_HEAD } from "./onnx-head.ts";
import { tensorNamesIn } from "./onnx-names.ts";

const file = "model.onnx";
/** What protocol buffers can hold. */
const MOST_BYTES = 2 ** 31 - 1;

/** One file in ONNX' operator set 17, or in that of an ONNX network that is part of it (onnx.ai). */
export const onnx: Format<ExportedModel> = {
  async write({ model, extractor }, folder) {
    const program = extractor === undefined ? undefined : onnxProgram(extractor);
    refuseTooLarge(model, program?.bytes.length ?? 0);
    const bytes = program === undefined ? headAlone(model) : await joined(whole(model, program), file);
    await writeFile(join(folder, file), bytes);
  },
  examples: onnxExamples,
};

function refuseTooLarge({ layers }: Model, network: number): void {
  const head = layers.reduce((sum, { kernel, bias }) => sum + kernel.byteLength + bias.byteLength, 0);
  // Names and shapes take a little as well.
  if (network + head < MOST_BYTES - 2 ** 20) return;
  const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
  const what =
    network === 0
      ? `the weights of the head are ${gigabytes(head)} GB`
      : `network and head are ${gigabytes(network + head)} GB`;
  throw new StepError(`${what}, and an ONNX file can hold 2.1: write \`format: keras\``);
}

function headAlone(model: Model): Uint8Array {
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

function whole(model: Model, program: OnnxProgram): readonly Piece[] {
  const { description } = model;
  const { bytes, input, inputShape, output, batch = "N" } = program;
  return appended(bytes, (taken, operatorSet) => {
    if (operatorSet < OLDEST_FOR_HEAD) {
      throw new StepError(
        `the network is in version ${operatorSet} of ONNX' operators, and the head needs ${OLDEST_FOR_HEAD}: export the network anew, or the head alone`,
      );
    }
    const prefix = unusedPrefix(taken, "head_");
    const { pixels, probabilities } = tensorNamesIn(program);
    const builder = newBuilder(prefix);
    const last = appendHead(builder, model, roundedRows(builder, description, output));
    return {
      before: pixels === input ? [] : [{ op: "Identity", inputs: [pixels], outputs: [input] }],
      behind: [...nodesOf(builder), { op: "Identity", inputs: [last], outputs: [probabilities] }],
      input: { name: pixels, type: "uint8", dims: [batch, ...inputShape] },
      output: { name: probabilities, type: "float32", dims: [batch, description.classes.length] },
      metadata: metadataOf(description),
    };
  });
}

/** Rows as they were kept when the head was trained on them. */
function roundedRows(builder: Builder, { extractor }: ModelDescription, rows: string): string {
  if (extractor.dtype !== "float16") return rows;
  const types = ["float16", "float32"] as const;
  return types.reduce(
    (values, type) => builder.node("Cast", [values], { to: { int: elementTypes[type] } }),
    rows,
  );
}

/** What it takes to use the file without the others. */
function metadataOf({ classes, extractor, preprocessing }: ModelDescription): Metadata {
  return {
    "flow.classes": JSON.stringify(classes),
    "flow.features": JSON.stringify(extractor),
    "flow.preprocessing": JSON.stringify(preprocessing),
  };
}
