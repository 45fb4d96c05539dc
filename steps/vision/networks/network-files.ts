import { readdirSync, statSync } from "node:fs";
import { basename, extname, join, posix } from "node:path";
import { byCodeUnit } from "../../../engine/json.ts";
import { staysInside } from "../../../engine/stays-inside.ts";
import { StepError } from "../../../engine/step-type.ts";
import { readModelFile } from "../../compute/onnx/read/file.ts";
import { filesOfLayersModel, modelFile } from "./layers-model-files.ts";

/**
 * The files that make up a network: of an ONNX model also those that hold its
 * weights, where it names some; else see `filesOfLayersModel`.
 *
 * @param path absolute, of that file, or of the folder with a `model.json` or one `.onnx` file.
 * @returns POSIX paths in its folder. Of a file that cannot be read it is that file alone: reading it says why.
 */
export function filesOfNetwork(path: string): readonly string[] {
  const isFolder = statSync(path).isDirectory();
  const [only, ...others] = isFolder ? onnxFilesIn(path) : [basename(path)].filter(isOnnx);
  if (only === undefined) return filesOfLayersModel(path);
  // Reading them asks for a name.
  if (others.length > 0) return [only, ...others];
  return [...new Set([only, ...weightsOf(isFolder ? join(path, only) : path)])];
}

/** The ONNX models of a folder that is no network in another format. */
export function onnxFilesIn(folder: string): readonly string[] {
  const names = readdirSync(folder);
  return names.includes(modelFile) ? [] : names.filter(isOnnx).sort(byCodeUnit);
}

/** An ONNX model is known by its name: its first bytes are those of many a message. */
export function isOnnx(path: string): boolean {
  return extname(path).toLowerCase() === ".onnx";
}

function weightsOf(file: string): readonly string[] {
  // Reading from a FIFO or a device may never end.
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return [];
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
