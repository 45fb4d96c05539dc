import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject } from "../../../engine/json.ts";
import { StepError } from "../../../engine/step-type.ts";
import { firstNotFinite } from "../../vision/finite.ts";
import { readJsonFile } from "../tables/json-file.ts";
import type { FeaturesManifest } from "../tables/manifest.ts";
import { type Activation, isActivation } from "./activations.ts";
import { type Dense, newDense } from "./dense.ts";
import { type Normalization, readStandard, writeStandard } from "./normalization.ts";

/**
 * The format of a `model` artifact: `model.json` says what the head takes and
 * gives, `weights.bin` holds kernel and bias of each layer in turn, float32,
 * little-endian, row-major. Where rows are standardized, `normalization.bin` has
 * the means and the scales.
 */
const descriptionFile = "model.json";
const weightsFile = "weights.bin";
const normalizationFile = "normalization.bin";

export interface Model {
  readonly description: ModelDescription;
  readonly layers: readonly Dense[];
  readonly normalization?: Normalization;
}

export interface ModelDescription {
  /** Class names by label. */
  readonly classes: readonly string[];
  /** How an image becomes a row. */
  readonly preprocessing: FeaturesManifest["preprocessing"];
  readonly extractor: Pick<
    FeaturesManifest,
    "network" | "layer" | "weights" | "pool" | "runtime" | "precision"
  > & {
    /** What the rows were kept as, where that was not float32. */
    readonly dtype?: FeaturesManifest["dtype"];
  };
  /** Length of one row. */
  readonly inputLength: number;
  /** What is done to a row first; absent: nothing. */
  readonly normalize?: Normalization["kind"];
  readonly layers: readonly { readonly units: number; readonly activation: Activation | "softmax" }[];
}

export async function writeModel(
  folder: string,
  { description, layers, normalization }: Model,
): Promise<void> {
  const { classes, preprocessing, extractor, inputLength } = description;
  // Spelled out: the order of the members is part of the bytes.
  const members = {
    classes,
    preprocessing,
    extractor,
    inputLength,
    ...(normalization === undefined ? {} : { normalize: normalization.kind }),
    layers: description.layers,
    dtype: "float32",
  };
  await writeFile(join(folder, descriptionFile), `${JSON.stringify(members, null, 2)}\n`);
  await writeLayers(join(folder, weightsFile), layers);
  if (normalization?.kind === "standard") {
    await writeStandard(join(folder, normalizationFile), normalization);
  }
}

/** @throws StepError where the folder holds no model, or its weights are cut short or not finite. */
export async function readModel(folder: string): Promise<Model> {
  const file = join(folder, descriptionFile);
  const description = readJsonFile<ModelDescription>(file, "a train step");
  if (!isDescription(description)) {
    throw new StepError(`${file} does not describe a model that this version can read`);
  }
  const sizes = [description.inputLength, ...description.layers.map(({ units }) => units)];
  const layers = description.layers.map(({ units }, at) => newDense(sizes[at] as number, units));
  await readLayers(join(folder, weightsFile), layers);
  if (!areFinite(layers)) {
    throw new StepError(
      `the weights in ${folder} are not all finite numbers: train the model with a smaller learning rate`,
    );
  }
  const normalization = await readNormalization(folder, description);
  return { description, layers, ...(normalization === undefined ? {} : { normalization }) };
}

async function readNormalization(
  folder: string,
  { normalize: kind, inputLength }: ModelDescription,
): Promise<Normalization | undefined> {
  if (kind !== "standard") return kind === undefined ? undefined : { kind };
  return await readStandard(join(folder, normalizationFile), inputLength);
}

/** Whether no weight is NaN or infinite. */
export function areFinite(layers: readonly Dense[]): boolean {
  return layers.every(
    ({ kernel, bias }) => firstNotFinite(kernel) === undefined && firstNotFinite(bias) === undefined,
  );
}

function isDescription(json: Partial<ModelDescription> | null | undefined): json is ModelDescription {
  return (
    Array.isArray(json?.classes) &&
    Array.isArray(json.layers) &&
    [json.inputLength, ...json.layers.map((layer) => layer?.units)].every(isSize) &&
    json.layers.at(-1)?.units === json.classes.length &&
    json.layers.slice(0, -1).every(({ activation }) => isActivation(activation)) &&
    (json.normalize === undefined || json.normalize === "l2" || json.normalize === "standard") &&
    isObject(json.extractor) &&
    isObject(json.preprocessing)
  );
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** Kernel and bias of each layer in turn. */
export async function writeLayers(path: string, layers: readonly Dense[]): Promise<void> {
  const file = await open(path, "w");
  try {
    for (const { kernel, bias } of layers) {
      await file.writeFile(bytesOf(kernel));
      await file.writeFile(bytesOf(bias));
    }
  } finally {
    await file.close();
  }
}

/**
 * Fills layers of known sizes from a file.
 *
 * @throws StepError where the file is shorter or longer.
 */
export async function readLayers(path: string, layers: readonly Dense[]): Promise<void> {
  const arrays = layers.flatMap(({ kernel, bias }) => [bytesOf(kernel), bytesOf(bias)]);
  const expected = arrays.reduce((sum, array) => sum + array.length, 0);
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size !== expected) throw new StepError(`${path} has ${size} bytes where ${expected} belong`);
    let position = 0;
    for (const array of arrays) {
      for (let at = 0; at < array.length; ) {
        // No more than 2 GB are read at once.
        const { bytesRead } = await file.read(array, at, Math.min(array.length - at, 1 << 30), position);
        if (bytesRead === 0) throw new StepError(`${path} ends early`);
        at += bytesRead;
        position += bytesRead;
      }
    }
  } finally {
    await file.close();
  }
}

function bytesOf(array: Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
