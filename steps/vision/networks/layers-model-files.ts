import { readFileSync, statSync } from "node:fs";
import { basename, extname, join, posix } from "node:path";
import { isObject, type Json } from "../../../engine/json.ts";
import { staysInside } from "../../../engine/stays-inside.ts";

/** What a TensorFlow.js layers model is called in its folder. */
export const modelFile = "model.json";

/**
 * The files that make up a network: of a TensorFlow.js layers model `model.json`
 * and the shards that its weights manifest names, in the folder of it; any other
 * format is one file.
 *
 * @param path absolute, of that file, or of the folder with a `model.json`.
 * @returns POSIX paths in that folder. Of a file that cannot be read it is that file alone: reading it says why.
 */
export function filesOfLayersModel(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) {
    // Other formats are one file, and can be large.
    const shards = extname(path).toLowerCase() === ".json" ? shardsOf(path) : [];
    return [...new Set([basename(path), ...shards])];
  }
  // A folder in another format is refused by name, when it is read.
  const holds = (name: string): boolean =>
    statSync(join(path, name), { throwIfNoEntry: false }) !== undefined;
  const other = holds(modelFile) ? undefined : otherFiles.find(holds);
  return other === undefined ? [...new Set([modelFile, ...shardsOf(join(path, modelFile))])] : [other];
}

const otherFiles = ["saved_model.pb"];

function shardsOf(file: string): readonly string[] {
  // Reading from a FIFO or a device may never end.
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return [];
  let json: Json;
  try {
    json = JSON.parse(readFileSync(file, "utf8")) as Json;
  } catch (error) {
    // Anything else may be over the next time: then the list would be another one.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const groups =
    isObject(json) && Array.isArray(json.weightsManifest) ? (json.weightsManifest as readonly Json[]) : [];
  const paths = groups.flatMap((group) =>
    isObject(group) && Array.isArray(group.paths) ? (group.paths as readonly Json[]) : [],
  );
  return paths.flatMap((shard) =>
    typeof shard === "string" && staysInside(shard) ? [posix.normalize(shard)] : [],
  );
}
