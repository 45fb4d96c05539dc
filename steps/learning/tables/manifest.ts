import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../../../engine/step-type.ts";
import type { Preprocessing } from "../../vision/preprocessing.ts";
import { readJsonFile } from "./json-file.ts";

const manifestFile = "features.json";

/** `features.json`: where the rows of features are, and how they were made. */
export interface FeaturesManifest {
  /** Id of the store that holds the rows. */
  readonly store: string;
  /** What the rows are kept as; they are read as float32. */
  readonly dtype: "float32" | "float16";
  /** Shape of one row. */
  readonly shape: readonly [length: number];
  readonly network: string;
  /** The layer whose output the rows are; of several, their rows one after the other. */
  readonly layer: string | readonly string[];
  readonly weights: string;
  /** What is done with that output before it is flattened. */
  readonly pool: string;
  readonly preprocessing: Preprocessing;
  readonly runtime: string;
  readonly precision: string;
  /** By which way of reading pictures the rows were computed. */
  readonly decoding: number;
}

export async function writeManifest(folder: string, manifest: FeaturesManifest): Promise<void> {
  const { store, dtype, shape, network, layer, weights, pool, preprocessing, runtime, precision, decoding } =
    manifest;
  const { size, scaling, resize, fit, orient, maxPixels } = preprocessing;
  // Spelled out: the order of the members is part of the bytes.
  const members = {
    store,
    dtype,
    shape,
    network,
    layer,
    weights,
    pool,
    preprocessing: { size, scaling, resize, fit, orient, maxPixels },
    runtime,
    precision,
    decoding,
  };
  await writeFile(join(folder, manifestFile), `${JSON.stringify(members, null, 2)}\n`);
}

/** @throws StepError where the folder holds no features. */
export function readManifest(folder: string): FeaturesManifest {
  const file = join(folder, manifestFile);
  const manifest = readJsonFile<FeaturesManifest>(file, "an extract step");
  if (isManifest(manifest)) return manifest;
  throw new StepError(`${file} does not describe features that this version can read`);
}

function isManifest(json: Partial<FeaturesManifest> | null | undefined): json is FeaturesManifest {
  return (
    typeof json?.store === "string" &&
    (json.dtype === "float32" || json.dtype === "float16") &&
    Array.isArray(json.shape) &&
    json.shape.length === 1
  );
}
