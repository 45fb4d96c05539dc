import { type Stats, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { extname, join } from "node:path";
import { StepError } from "../../../engine/step-type.ts";
import { modelFile } from "./layers-model-files.ts";
import { isOnnx, onnxFilesIn } from "./network-files.ts";

/** What a file with a network is. */
export type NetworkFile =
  | { readonly kind: "layers-model"; readonly file: string }
  | { readonly kind: "keras"; readonly file: string }
  | { readonly kind: "h5"; readonly file: string }
  | { readonly kind: "onnx"; readonly file: string };

/**
 * Which of the formats that flow reads a path has, by its first bytes.
 *
 * @param path of a file, or of the folder that holds a `model.json` or one `.onnx` file.
 * @throws StepError that says what it is instead, and the way out.
 */
export async function networkFile(path: string): Promise<NetworkFile> {
  const found = lookAt(path);
  if (found === undefined) throw new StepError(`${path} is not there`);
  if (!found.isDirectory()) return kindOf(path);
  const file = join(path, modelFile);
  if (lookAt(file) !== undefined) return { kind: "layers-model", file };
  if (lookAt(join(path, "saved_model.pb")) !== undefined) {
    throw new StepError(`${path} is a SavedModel of TensorFlow's, which is not read: ${wayOut}`);
  }
  const models = onnxFilesIn(path);
  const [only, ...others] = models;
  if (only !== undefined && others.length === 0) return kindOf(join(path, only));
  if (only !== undefined) {
    throw new StepError(`${path} holds several ONNX models: name one of ${models.join(", ")}`);
  }
  throw new StepError(`${file} is missing: a TensorFlow.js layers model has a model.json`);
}

/** Nothing only where there is nothing: a disk that fails says so. */
function lookAt(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

const wayOut = 'load it in Keras and save it with `model.save("network.keras")`';

async function kindOf(file: string): Promise<NetworkFile> {
  if (isOnnx(file)) return { kind: "onnx", file };
  const head = await firstBytes(file);
  const starts = (bytes: string, at = 0): boolean =>
    head.subarray(at, at + bytes.length).equals(Buffer.from(bytes, "latin1"));
  if (starts("\x89HDF\r\n\x1a\n")) return { kind: "h5", file };
  if (starts("PK\x03\x04")) return { kind: "keras", file };
  const other = otherKind(file, starts);
  if (other !== undefined) throw new StepError(`${file} is ${other}`);
  // White space and a byte order mark may come before.
  if (/^(\xef\xbb\xbf)?\s*[{[]/.test(head.toString("latin1"))) return { kind: "layers-model", file };
  throw new StepError(`${file} is no network that flow reads: ${formats}`);
}

const formats =
  "a model.json of TensorFlow.js, a .keras file, an .h5 file with the model's configuration, or an .onnx file";

function otherKind(file: string, starts: (bytes: string, at?: number) => boolean): string | undefined {
  const extension = extname(file).toLowerCase();
  if (starts("TFL3", 4) || extension === ".tflite")
    return `a TensorFlow Lite model, which is not read; ${formats} is`;
  if (extension === ".pb") return `a graph of TensorFlow's, which is not read: ${wayOut}`;
  if (starts("\x80\x02") || [".pt", ".pth", ".pkl"].includes(extension)) {
    return `a pickled model (PyTorch), which is not read; ${formats} is`;
  }
  if (extension === ".safetensors")
    return `a file of weights alone (safetensors), which is not read; ${formats} is`;
  return undefined;
}

async function firstBytes(file: string): Promise<Buffer> {
  const handle = await open(file, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
