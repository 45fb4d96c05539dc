import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type * as Tfjs from "@tensorflow/tfjs-node-gpu";

/** TensorFlow.js in JavaScript alone. */
export async function loadTf(): Promise<typeof Tfjs> {
  const package_ = createRequire(import.meta.url).resolve("@tensorflow/tfjs-node-gpu/package.json");
  const tf = createRequire(package_)("@tensorflow/tfjs") as typeof Tfjs;
  await tf.setBackend("cpu");
  return tf;
}

/** The layers model in a folder. */
export function loadModel(tf: typeof Tfjs, folder: string): Promise<Tfjs.LayersModel> {
  const json = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
  const [{ paths, weights }] = json.weightsManifest;
  const shards = paths.map((path: string) => readFileSync(join(folder, path)));
  const weightData = new Uint8Array(Buffer.concat(shards)).buffer;
  return tf.loadLayersModel(
    tf.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs: weights, weightData }),
  );
}
