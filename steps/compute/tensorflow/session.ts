import { cores } from "../../../engine/cores.ts";
import { StepError } from "../../../engine/step-type.ts";
import { type Binding, newBinding, types } from "./binding.ts";
import { openContext } from "./context.ts";
import { nameOfGpu, openCudaLibraries } from "./cuda.ts";
import { tensorflowLibrary } from "./library.ts";
import { type Attribute, attributeKinds } from "./operations.ts";
import { type Backend, type Loaded, loadTfjs, type Tensor, type Tf } from "./tfjs.ts";

export type { Tensor, Tf };

export interface TensorflowOptions {
  /** The folder of the libraries. */
  readonly libraries: string;
  readonly device: "cpu" | "cuda";
  /** Default: the number of cores. The first session of a process decides for all. */
  readonly threads?: number;
}

/** TensorFlow in this process, for one of several who use it. */
export interface TensorflowSession {
  /** "cpu", or the GPU. */
  readonly device: string;
  readonly tf: Tf;
  /** One of TensorFlow's own operations, where TensorFlow.js' lack a setting. */
  operation(name: string, settings: Settings, inputs: readonly Tensor[]): Tensor;
  /** A copy of values as a tensor on the device; uint8, which TensorFlow.js takes for int32, or float32. */
  upload(values: Uint8Array | Float32Array, shape: readonly number[]): Tensor;
  /** Copies a tensor's values. */
  download(tensor: Tensor, into: Float32Array): void;
  close(): void;
}

/** Attributes of an operation. What is not set has TensorFlow's default; types follow from the inputs. */
export type Settings = Readonly<Record<string, string | boolean | Ints | { readonly float: number } | Type>>;
type Ints = { readonly int: number } | readonly number[];
interface Type {
  readonly type: "float32" | "uint8";
}

interface Opened {
  readonly device: TensorflowOptions["device"];
  readonly backend: Backend;
  readonly binding: Binding;
  users: number;
}

let loaded: Loaded | undefined;
let opened: Opened | undefined;

/** @throws StepError where a package, a library or the GPU is missing. */
export async function openTensorflow(options: TensorflowOptions): Promise<TensorflowSession> {
  const { libraries, device, threads = cores() } = options;
  loaded ??= loadTfjs();
  const { tf, use } = loaded;
  if (opened?.device !== device) {
    if (opened !== undefined && opened.users > 0) {
      throw new Error("TensorFlow computes on one device at a time");
    }
    opened?.binding.close();
    opened = undefined;
    const binding = openBinding({ libraries, device, threads });
    opened = { device, binding, backend: await use(binding), users: 0 };
  }
  const { binding, backend } = opened;
  const mine = opened;
  mine.users++;
  let isClosed = false;
  return {
    tf,
    device: device === "cpu" ? "cpu" : `cuda: ${nameOfGpu() ?? "GPU"}`,
    operation: (name, settings, inputs) => backend.executeSingleOutput(name, attributesOf(settings), inputs),
    upload(values, shape) {
      const dtype = values instanceof Uint8Array ? types.TF_UINT8 : types.TF_FLOAT;
      return backend.createOutputTensor({ id: binding.createTensor(shape, dtype, values), shape, dtype });
    },
    download(tensor, into) {
      const [id] = backend.getInputTensorIds([tensor]);
      if (id === undefined) throw new Error("a tensor has a number");
      binding.readTensor(id, into);
    },
    close() {
      if (!isClosed) mine.users--;
      isClosed = true;
    },
  };
}

function openBinding({ libraries, device, threads }: Required<TensorflowOptions>): Binding {
  Object.assign(process.env, {
    // What fails is told by a status.
    TF_CPP_MIN_LOG_LEVEL: "3",
    // 19 bits are no float32.
    NVIDIA_TF32_OVERRIDE: "0",
    TF_DETERMINISTIC_OPS: "1",
  });
  const problem = device === "cuda" ? openCudaLibraries(libraries) : undefined;
  const library = tensorflowLibrary(libraries);
  const context = openContext(library, { threads, gpu: device === "cuda" });
  if (device === "cuda" && context.gpu === undefined) {
    context.close();
    throw new StepError(
      `TensorFlow found no GPU: ${problem ?? "the driver has none for it"}; \`flow setup tensorflow --gpu\` brings what it needs beside NVIDIA's driver, or take \`device: cpu\``,
    );
  }
  return newBinding(library, context);
}

const numbersOfTypes = { float32: types.TF_FLOAT, uint8: types.TF_UINT8 } as const;

function attributesOf(settings: Settings): Attribute[] {
  return Object.entries(settings).map(([name, value]): Attribute => {
    if (typeof value === "string") return { name, type: attributeKinds.TF_ATTR_STRING, value };
    if (typeof value === "boolean") return { name, type: attributeKinds.TF_ATTR_BOOL, value };
    if ("int" in value) return { name, type: attributeKinds.TF_ATTR_INT, value: value.int };
    if ("float" in value) return { name, type: attributeKinds.TF_ATTR_FLOAT, value: value.float };
    if ("type" in value)
      return { name, type: attributeKinds.TF_ATTR_TYPE, value: numbersOfTypes[value.type] };
    return { name, type: attributeKinds.TF_ATTR_INT, value };
  });
}
