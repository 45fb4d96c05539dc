import { createRequire } from "node:module";
import util from "node:util";
import type * as Tfjs from "@tensorflow/tfjs-node-gpu";
import { StepError } from "../../../engine/step-type.ts";
import type { Binding } from "./binding.ts";
import type { Attribute } from "./operations.ts";

/** TensorFlow.js' operations. */
export type Tf = typeof Tfjs;
export type Tensor = Tfjs.Tensor;

/** The backend of @tensorflow/tfjs-node-gpu, with what it keeps to itself. */
export interface Backend {
  readonly binding: Binding;
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly Tensor[]): Tensor;
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  createOutputTensor(made: { id: number; shape: readonly number[]; dtype: number }): Tensor;
}

export interface Loaded {
  readonly tf: Tf;
  /** Makes a backend over a binding, by which all operations are executed from now on. */
  use(binding: Binding): Promise<Backend>;
}

const name = "@tensorflow/tfjs-node-gpu";

/**
 * Loads the package's kernels and backend; its own main file wants an addon
 * that is compiled.
 *
 * @throws StepError where the package is not installed.
 */
export function loadTfjs(from: string = import.meta.url): Loaded {
  const inside = inPackage(from);
  // Node has taken them away in version 23, and warns of them before.
  Object.assign(util, {
    isArray: Array.isArray,
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  });
  inside("./dist/register_all_kernels.js");
  const tf = inside("@tensorflow/tfjs") as Tf;
  const { NodeJSKernelBackend } = inside("./dist/nodejs_kernel_backend.js") as {
    NodeJSKernelBackend: new (binding: Binding, packageName: string) => Backend & Tfjs.KernelBackend;
  };
  return {
    tf,
    async use(binding) {
      if (tf.findBackendFactory("tensorflow")) tf.removeBackend("tensorflow");
      const backend = new NodeJSKernelBackend(binding, name);
      tf.registerBackend("tensorflow", () => backend);
      if (!(await tf.setBackend("tensorflow"))) throw new Error("TensorFlow.js does not take its backend");
      return backend;
    },
  };
}

function inPackage(from: string): NodeJS.Require {
  try {
    return createRequire(createRequire(from).resolve(`${name}/package.json`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new StepError(
      `runtime: tensorflow computes with the package ${name}, which was left out where flow was installed: \`npm i\` brings it`,
    );
  }
}
