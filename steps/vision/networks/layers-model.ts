import { readFile, realpath } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { isObject, type Json, type JsonObject } from "../../../engine/json.ts";
import { StepError } from "../../../engine/step-type.ts";
import { lengthOf, type Tensor } from "../graph/graph.ts";
import { float16 } from "./float16.ts";
import { readTopology } from "./read-topology.ts";
import type { Topology, WeightedTopology, Weights } from "./topology.ts";
import { matchWeights, type WrittenWeight } from "./written-weights.ts";

/**
 * Reads a TensorFlow.js layers model (github.com/tensorflow/tfjs, io/types.ts):
 * `model.json` with the topology and a weights manifest, and the shards beside
 * it. Weights quantized to uint8, uint16 (scale and minimum) or float16 become
 * float32. Keras' `model.to_json()` is such a topology without weights.
 *
 * @throws StepError naming the file where something is missing, cut short or not supported.
 */
export async function readLayersModel(file: string, withWeights: boolean): Promise<WeightedTopology> {
  const json = await readJson(file);
  refuseGraphModel(json, file);
  const topology = readTopology(json.modelTopology ?? json, file);
  return { topology, weights: withWeights ? await readOwnWeights(json, topology, file) : new Map() };
}

async function readOwnWeights(json: JsonObject, topology: Topology, file: string): Promise<Weights> {
  const groups = Array.isArray(json.weightsManifest) ? (json.weightsManifest as readonly Json[]) : [];
  if (groups.length === 0) {
    throw new StepError(
      `${file} describes a network and brings no weights: give them under \`inputs\`, \`weights: ./file.h5\`, or save the whole model`,
    );
  }
  const written: WrittenWeight[] = [];
  for (const group of groups) {
    if (!isObject(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights)) {
      throw new StepError(`${file}: a group of weights has no paths or no list of weights`);
    }
    const data = await readShards(dirname(file), group.paths as readonly Json[], file);
    let offset = 0;
    for (const spec of group.weights as readonly Json[]) {
      const { name, tensor, bytes } = readWeight(spec, data, offset, file);
      // TensorFlow.js can keep the state of training beside the weights.
      if (!isObject(spec) || spec.group !== "optimizer") written.push({ name, tensor });
      offset += bytes;
    }
    if (offset !== data.length)
      throw new StepError(`${file}: the weights need ${offset} bytes, the shards have ${data.length}`);
  }
  return matchWeights(topology, written, file);
}

async function readJson(file: string): Promise<JsonObject> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new StepError(`${file} is missing: a TensorFlow.js layers model has a model.json`);
  });
  try {
    const json: unknown = JSON.parse(text.replace(/^\ufeff/, ""));
    if (isObject(json)) return json;
  } catch {
    // What the parser says quotes the file.
    throw new StepError(`${file} is no JSON, or is cut short`);
  }
  throw new StepError(`${file} is no TensorFlow.js model`);
}

function refuseGraphModel(json: JsonObject, file: string): void {
  const { modelTopology: topology, format } = json;
  if (format !== "graph-model" && !(isObject(topology) && Array.isArray(topology.node))) return;
  throw new StepError(
    `${file} is a graph model of TensorFlow.js, in which there are no layers any more: ` +
      "convert the Keras model again with `--output_format=tfjs_layers_model`, or give the .keras or .h5 file itself",
  );
}

/** The shards of a group, one after the other. Their names stay in the model's folder; links there lead wherever the user let them. */
async function readShards(folder: string, paths: readonly Json[], file: string): Promise<Buffer> {
  const shards: Buffer[] = [];
  for (const path of paths) {
    if (typeof path !== "string") throw new StepError(`${file}: a path of a shard is no string`);
    const plain = posix.normalize(path);
    if (posix.isAbsolute(plain) || plain === ".." || plain.startsWith("../")) {
      throw new StepError(`${file}: the shard ${path} lies outside the model's folder`);
    }
    const full = join(folder, path);
    const real = await realpath(full).catch((error: NodeJS.ErrnoException) => {
      if (!["ENOENT", "ENOTDIR", "ELOOP"].includes(error.code ?? "")) throw error;
      throw new StepError(`${full} is missing: ${file} names it as a shard of the weights`);
    });
    shards.push(await readFile(real));
  }
  return Buffer.concat(shards);
}

interface Weight {
  readonly name: string;
  readonly tensor: Tensor;
  readonly bytes: number;
}

function readWeight(spec: Json, data: Buffer, offset: number, file: string): Weight {
  if (!isObject(spec) || typeof spec.name !== "string" || !Array.isArray(spec.shape)) {
    throw new StepError(`${file}: a weight has no name or no shape`);
  }
  const { name } = spec;
  const shape = spec.shape as number[];
  const length = lengthOf(shape);
  const quantization = isObject(spec.quantization) ? spec.quantization : { dtype: spec.dtype ?? "float32" };
  const dtype = String(quantization.dtype);
  const reader = readers.get(dtype);
  if (reader === undefined) {
    throw new StepError(
      `${file}: weight ${name} is ${String(spec.dtype)} stored as ${dtype}, which is not supported`,
    );
  }
  const bytes = length * reader.size;
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || !(offset + bytes <= data.length)) {
    throw new StepError(`${file}: the shards end before weight ${name}`);
  }
  const scale = typeof quantization.scale === "number" ? quantization.scale : 1;
  const min = typeof quantization.min === "number" ? quantization.min : 0;
  const values = Float32Array.from(
    { length },
    (_, at) => reader.read(data, offset + at * reader.size) * scale + min,
  );
  return { name, tensor: { shape, data: values }, bytes };
}

interface Reader {
  /** In bytes. */
  readonly size: number;
  read(data: Buffer, at: number): number;
}

const readers: ReadonlyMap<string, Reader> = new Map([
  ["float32", { size: 4, read: (data, at) => data.readFloatLE(at) }],
  ["float16", { size: 2, read: (data, at) => float16(data.readUInt16LE(at)) }],
  ["uint16", { size: 2, read: (data, at) => data.readUInt16LE(at) }],
  ["uint8", { size: 1, read: (data, at) => data.readUInt8(at) }],
  ["bool", { size: 1, read: (data, at) => data.readUInt8(at) }],
  ["int32", { size: 4, read: (data, at) => data.readInt32LE(at) }],
]);
