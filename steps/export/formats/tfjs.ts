import { type FileHandle, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Json, JsonObject } from "../../../engine/json.ts";
import { lengthOf } from "../../vision/graph/graph.ts";
import { modelFile } from "../../vision/networks/layers-model-files.ts";
import { INPUT } from "../../vision/networks/topology.ts";
import type { ExportedModel, Format } from "../format.ts";
import { layersOf } from "../layers/exported.ts";
import type { LayersModel, ModelLayer } from "../layers/model-layer.ts";
import { tfjsExamples } from "./tfjs-examples.ts";
import { inTfjs } from "./tfjs-layers.ts";

/** A TensorFlow.js layers model (github.com/tensorflow/tfjs, io/types.ts): `model.json`, and the weights in shards beside it. */
export const tfjs: Format<ExportedModel> = {
  async write(exported, folder) {
    const { layers, input, output } = layersOf(exported, "tfjs");
    const model = { layers: layers.map(inTfjs), input, output };
    const paths = await writeShards(folder, model);
    const json = {
      format: "layers-model",
      generatedBy: "flow",
      convertedBy: null,
      modelTopology: topologyOf(model),
      weightsManifest: [{ paths, weights: weightsOf(model).map(({ spec }) => spec) }],
    };
    await writeFile(join(folder, modelFile), JSON.stringify(json));
  },
  examples: tfjsExamples,
};

function topologyOf({ layers, input, output }: LayersModel): JsonObject {
  return {
    class_name: "Model",
    config: {
      name: "classifier",
      layers: layers.map(layerConfig),
      input_layers: [[input.name, 0, 0]],
      output_layers: [[output.name, 0, 0]],
    },
    keras_version: "tfjs-layers 4.22.0",
    backend: "tensor_flow.js",
  };
}

function layerConfig({ name, className, config, inputs, shape, trainable }: ModelLayer): JsonObject {
  const own =
    className === INPUT
      ? { batch_input_shape: [null, ...shape], dtype: "float32" }
      : { trainable, ...config };
  const tensors: Json = inputs.map((from) => [from.name, 0, 0, {}]);
  return {
    class_name: className,
    name,
    config: { name, ...own },
    inbound_nodes: className === INPUT ? [] : [tensors],
  };
}

interface Weight {
  readonly spec: JsonObject;
  readonly data: Float32Array;
}

function weightsOf({ layers }: LayersModel): readonly Weight[] {
  return layers.flatMap(({ name, weights }) =>
    Object.entries(weights).map(([role, { shape, data }]) => {
      if (data.length !== lengthOf(shape)) throw new Error(`${name}/${role} is not ${shape.join(" × ")}`);
      return { spec: { name: `${name}/${role}`, shape: [...shape], dtype: "float32" }, data };
    }),
  );
}

/** As the converter of TensorFlow.js cuts weights: browsers cache such pieces. */
const SHARD_BYTES = 4 * 2 ** 20;

/** All weights, one after the other. Returns the names of the files. */
async function writeShards(folder: string, model: LayersModel): Promise<readonly string[]> {
  const weights = weightsOf(model);
  const total = weights.reduce((sum, { data }) => sum + data.byteLength, 0);
  const count = Math.ceil(total / SHARD_BYTES);
  const names = Array.from({ length: count }, (_, at) => `group1-shard${at + 1}of${count}.bin`);
  let position = 0;
  let file: FileHandle | undefined;
  try {
    for (const { data } of weights) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      for (let at = 0; at < bytes.length; ) {
        const left = SHARD_BYTES - (position % SHARD_BYTES);
        if (left === SHARD_BYTES) {
          await file?.close();
          file = await open(join(folder, names[position / SHARD_BYTES] as string), "wx");
        }
        const piece = bytes.subarray(at, at + left);
        await file?.writeFile(piece);
        at += piece.length;
        position += piece.length;
      }
    }
  } finally {
    await file?.close();
  }
  return names;
}
