import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { isObject, type Json, type JsonObject } from "../../../engine/json.ts";
import { StepError } from "../../../engine/step-type.ts";
import { modelFile } from "./layers-model-files.ts";
import { readTopology, roleOf, type Tensor, type Topology, type Weights } from "./topology.ts";

/**
 * Reads a TensorFlow.js layers model (github.com/tensorflow/tfjs, io/types.ts):
 * `model.json` with the topology and a weights manifest, and the shards beside
 * it. Weights quantized to uint8, uint16 (scale and minimum) or float16 become float32.
 *
 * @param path `model.json`, or the folder that holds it.
 * @throws StepError naming the file where something is missing, cut short or not supported.
 */
export async function readLayersModel(path: string): Promise<{ topology: Topology; weights: Weights }> {
  const file = (await stat(path)).isDirectory() ? join(path, modelFile) : path;
  const json = await readJson(file);
  const topology = readTopology(json.modelTopology, file);
  const weights = new Map<string, Record<string, Tensor>>();
  const groups = Array.isArray(json.weightsManifest) ? (json.weightsManifest as readonly Json[]) : [];
  for (const group of groups) {
    if (!isObject(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights)) {
      throw new StepError(`${file}: a group of weights has no paths or no list of weights`);
    }
    const data = await readShards(dirname(file), group.paths as readonly Json[], file);
    let offset = 0;
    for (const spec of group.weights as readonly Json[]) {
      const { layer, role, tensor, bytes } = readWeight(spec, data, offset, file);
      weights.set(layer, { ...weights.get(layer), [role]: tensor });
      offset += bytes;
    }
    if (offset !== data.length)
      throw new StepError(`${file}: the weights need ${offset} bytes, the shards have ${data.length}`);
  }
  return { topology, weights };
}

async function readJson(file: string): Promise<JsonObject> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new StepError(`${file} is missing: a TensorFlow.js layers model has a model.json`);
  });
  try {
    const json: unknown = JSON.parse(text);
    if (isObject(json)) return json;
  } catch (error) {
    throw new StepError(`${file} is no JSON: ${(error as Error).message}`);
  }
  throw new StepError(`${file} is no TensorFlow.js model`);
}

/** The shards of a group, one after the other. They lie in the model's folder, wherever their names point. */
async function readShards(folder: string, paths: readonly Json[], file: string): Promise<Buffer> {
  const root = await realpath(folder);
  const shards: Buffer[] = [];
  for (const path of paths) {
    if (typeof path !== "string") throw new StepError(`${file}: a path of a shard is no string`);
    const full = join(folder, path);
    const real = await realpath(full).catch(() => {
      throw new StepError(`${full} is missing: ${file} names it as a shard of the weights`);
    });
    if (!real.startsWith(root + sep))
      throw new StepError(`${file}: the shard ${path} lies outside the model's folder`);
    shards.push(await readFile(real));
  }
  return Buffer.concat(shards);
}

interface Weight {
  readonly layer: string;
  readonly role: string;
  readonly tensor: Tensor;
  readonly bytes: number;
}

function readWeight(spec: Json, data: Buffer, offset: number, file: string): Weight {
  if (!isObject(spec) || typeof spec.name !== "string" || !Array.isArray(spec.shape)) {
    throw new StepError(`${file}: a weight has no name or no shape`);
  }
  const { name } = spec;
  const shape = spec.shape as number[];
  const length = shape.reduce((product, size) => product * size, 1);
  const quantization = isObject(spec.quantization) ? spec.quantization : { dtype: spec.dtype ?? "float32" };
  const dtype = String(quantization.dtype);
  const size = { float32: 4, float16: 2, uint16: 2, uint8: 1 }[dtype];
  if (size === undefined || (spec.dtype ?? "float32") !== "float32") {
    throw new StepError(
      `${file}: weight ${name} is ${String(spec.dtype)} stored as ${dtype}, which is not supported`,
    );
  }
  const bytes = length * size;
  if (!Number.isSafeInteger(bytes) || bytes < 0 || offset + bytes > data.length) {
    throw new StepError(`${file}: the shards end before weight ${name}`);
  }
  const scale = typeof quantization.scale === "number" ? quantization.scale : 1;
  const min = typeof quantization.min === "number" ? quantization.min : 0;
  const read = readerOf(dtype, data, scale, min);
  const values = Float32Array.from({ length }, (_, at) => read(offset + at * size));
  const parts = name.split("/");
  const layer = parts.at(-2);
  if (layer === undefined) throw new StepError(`${file}: weight ${name} does not say of which layer it is`);
  return { layer, role: roleOf(name), tensor: { shape, data: values }, bytes };
}

function readerOf(dtype: string, data: Buffer, scale: number, min: number): (at: number) => number {
  switch (dtype) {
    case "float32":
      return (at) => data.readFloatLE(at);
    case "float16":
      return (at) => float16(data.readUInt16LE(at));
    case "uint16":
      return (at) => data.readUInt16LE(at) * scale + min;
    default:
      return (at) => data.readUInt8(at) * scale + min;
  }
}

/** IEEE 754 binary16. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
