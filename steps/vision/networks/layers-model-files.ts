import { readFileSync, statSync } from "node:fs";
import { basename, join, posix } from "node:path";
import { isObject, type Json } from "../../../engine/json.ts";

/** What a TensorFlow.js layers model is called in its folder. */
export const modelFile = "model.json";

/**
 * The files that make up a TensorFlow.js layers model: `model.json` and the
 * shards that its weights manifest names, in the folder of it.
 *
 * @param path absolute, of `model.json` or of its folder.
 * @returns POSIX paths in that folder. Of a file that is not there or is no JSON it is that file alone: opening the network says why.
 */
export function filesOfLayersModel(path: string): readonly string[] {
  const isFolder = statSync(path).isDirectory();
  const name = isFolder ? modelFile : basename(path);
  const shards = shardsOf(isFolder ? join(path, name) : path);
  return [...new Set([name, ...shards])];
}

function shardsOf(file: string): readonly string[] {
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

/** Whether a path of a shard leads to a file in the model's folder; reading the model refuses any other. */
function staysInside(shard: string): boolean {
  const path = posix.normalize(shard);
  return shard !== "" && !posix.isAbsolute(path) && path !== "." && path !== ".." && !path.startsWith("../");
}
