import { open } from "node:fs/promises";
import type { Json } from "../../../engine/json.ts";
import { StepError } from "../../../engine/step-type.ts";
import { textIn, withH5File } from "./h5-file.ts";
import { readH5Weights } from "./h5-weights.ts";
import { withKerasFile } from "./keras-file.ts";
import { readTopology } from "./read-topology.ts";
import type { Topology, WeightedTopology, Weights } from "./topology.ts";
import type { Names } from "./weights-by-order.ts";

/** An `.h5` file of a whole model: its configuration is an attribute of the file. */
export async function readH5Model(path: string, withWeights: boolean): Promise<WeightedTopology> {
  return withH5File(path, path, (file) => {
    const config = textIn(file, "model_config");
    if (config === undefined) {
      throw new StepError(
        `${path} holds weights without a network: save the whole model (\`model.save\`), or name the network and give this file as \`weights\``,
      );
    }
    const topology = readTopology(parsed(config, path), path, textIn(file, "keras_version"));
    return { topology, weights: withWeights ? readH5Weights(file, topology, path) : new Map() };
  });
}

/** A `.keras` file. */
export async function readKerasModel(path: string, withWeights: boolean): Promise<WeightedTopology> {
  return withKerasFile(path, async ({ config, version }, weights) => {
    const topology = readTopology(parsed(config, path), path, version);
    return { topology, weights: withWeights ? await readFrom(weights, path, topology) : new Map() };
  });
}

/**
 * Weights for a network, from an `.h5` file, Keras 3's `.weights.h5`, or a `.keras` file.
 *
 * @param names what the names of layers in an `.h5` file are worth.
 */
export async function readWeightsFile(path: string, topology: Topology, names?: Names): Promise<Weights> {
  if (await isZip(path)) return withKerasFile(path, (_, weights) => readFrom(weights, path, topology, names));
  return readFrom(path, path, topology, names);
}

function readFrom(file: string, name: string, topology: Topology, names?: Names): Promise<Weights> {
  return withH5File(file, name, (root) => readH5Weights(root, topology, name, names));
}

function parsed(text: string, path: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new StepError(`${path} is damaged: its configuration is no JSON`);
  }
}

async function isZip(path: string): Promise<boolean> {
  const handle = await open(path, "r");
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString("latin1") === "PK\x03\x04";
  } finally {
    await handle.close();
  }
}
