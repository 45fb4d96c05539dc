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
 * @returns POSIX paths in that folder. Of a file that cannot be read it is that file alone: reading it says why.
 */
export function filesOfLayersModel(path: string): readonly string[] {
  const isFolder = statSync(path).isDirectory();
  const name = isFolder ? modelFile : basename(path);
  const shards = shardsOf(isFolder ? join(path, name) : path);
  return [...new Set([name, ...shards])];
}

function shardsOf(file: string): readonly string[] {
  // Reading from a FIFO or a device may never end.
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return [];
  let json: Json;
  try {
    json = JSON.parse(readFileSync(file, "utf8")) as Json;
  } catch {
    return [];
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
