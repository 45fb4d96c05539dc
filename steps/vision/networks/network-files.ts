import { statSync } from "node:fs";
import { basename, extname, posix } from "node:path";
import { StepError } from "../../../engine/step-type.ts";
import { readModelFile } from "../../compute/onnx/read/file.ts";
import { filesOfLayersModel, staysInside } from "./layers-model-files.ts";

/**
 * The files that make up a network: of an ONNX model also those that hold its
 * weights, where it names some; else see `filesOfLayersModel`.
 *
 * @param path absolute, of that file, or of the folder with a `model.json`.
 * @returns POSIX paths in its folder. Of a file that cannot be read it is that file alone: reading it says why.
 */
export function filesOfNetwork(path: string): readonly string[] {
  if (!isOnnx(path) || !statSync(path).isFile()) return filesOfLayersModel(path);
  return [...new Set([basename(path), ...weightsOf(path)])];
}

/** An ONNX model is known by its name: its first bytes are those of many a message. */
export function isOnnx(path: string): boolean {
  return extname(path).toLowerCase() === ".onnx";
}

function weightsOf(file: string): readonly string[] {
  try {
    const { initializers } = readModelFile(file);
    return initializers.flatMap(({ external }) =>
      external !== undefined && staysInside(external.location) ? [posix.normalize(external.location)] : [],
    );
  } catch (error) {
    // Anything else may be over the next time: then the list would be another one.
    if (error instanceof StepError || (error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
