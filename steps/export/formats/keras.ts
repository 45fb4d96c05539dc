import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Json, JsonObject } from "../../../engine/json.ts";
import { writeZip } from "../../archives/write-zip.ts";
import type { Shape } from "../../vision/graph/graph.ts";
import { type Group, writeH5File } from "../../vision/networks/h5-file.ts";
import { snakeCase } from "../../vision/networks/snake-case.ts";
import { INPUT } from "../../vision/networks/topology.ts";
import type { ExportedModel, Format } from "../format.ts";
import { layersOf } from "../layers/exported.ts";
import type { LayersModel, ModelLayer } from "../layers/model-layer.ts";
import { kerasExamples } from "./keras-examples.ts";

const modelFile = "model.keras";
const weightsFile = "model.weights.h5";

/** A Keras 3 file (keras/src/saving/saving_lib.py): a zip file with the layers as JSON and their weights as HDF5. */
export const keras: Format<ExportedModel> = {
  async write(exported, folder) {
    const model = layersOf(exported, "keras");
    const weights = join(folder, weightsFile);
    await writeH5File(weights, (file) => writeWeights(file, model));
    await writeZip(join(folder, modelFile), [
      { name: "metadata.json", content: text({ keras_version: VERSION }) },
      { name: "config.json", content: text(configOf(model)) },
      { name: weightsFile, content: { path: weights } },
    ]);
    await rm(weights);
  },
  examples: (exported) => kerasExamples(modelFile, exported),
};

/** The first one that reads it: all layers and settings were there. */
const VERSION = "3.0.0";

function text(json: JsonObject): Buffer {
  return Buffer.from(JSON.stringify(json));
}

function configOf({ layers, input, output }: LayersModel): JsonObject {
  return {
    module: "keras.src.models.functional",
    class_name: "Functional",
    config: {
      name: "classifier",
      trainable: true,
      layers: layers.map(layerConfig),
      input_layers: [input.name, 0, 0],
      output_layers: [output.name, 0, 0],
    },
    registered_name: "Functional",
  };
}

function layerConfig({ name, className, config, inputs, shape, trainable }: ModelLayer): JsonObject {
  const common = { name, dtype: "float32" };
  const own =
    className === INPUT ? { batch_shape: batched(shape), ...common } : { ...common, trainable, ...config };
  const tensors = inputs.map(tensorOf);
  const args: Json = tensors.length === 1 ? tensors : [tensors];
  return {
    module: "keras.layers",
    class_name: className,
    config: own,
    registered_name: null,
    name,
    inbound_nodes: className === INPUT ? [] : [{ args, kwargs: {} }],
  };
}

function tensorOf({ name, shape }: ModelLayer): JsonObject {
  const config = { shape: batched(shape), dtype: "float32", keras_history: [name, 0, 0] };
  return { class_name: "__keras_tensor__", config };
}

function batched(shape: Shape): Json {
  return [null, ...shape];
}

/** By class and number, in the order of the layers: `layers/conv2d_1/vars/0`. */
function writeWeights(file: Group, { layers }: LayersModel): void {
  const group = file.create_group("layers");
  const counts = new Map<string, number>();
  for (const { name, className, weights } of layers) {
    const word = snakeCase(className);
    const count = counts.get(word) ?? 0;
    counts.set(word, count + 1);
    const tensors = Object.values(weights);
    if (tensors.length === 0) continue;
    const vars = group.create_group(count === 0 ? word : `${word}_${count}`).create_group("vars");
    vars.create_attribute("name", name);
    for (const [at, { shape, data }] of tensors.entries()) {
      vars.create_dataset({ name: String(at), data, shape: [...shape], dtype: "<f4" });
    }
  }
}
