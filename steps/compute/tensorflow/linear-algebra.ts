import { cores } from "../../../engine/cores.ts";
import type { LinearAlgebra } from "../linear-algebra.ts";
import { openKernel } from "./kernel.ts";
import { openProducts } from "./products.ts";
import { openTensorflow, type TensorflowOptions } from "./session.ts";

/**
 * TensorFlow, on the CPU or a GPU: what is held, and kernels, stay on the device.
 *
 * @throws StepError where a package, a library or the GPU is missing.
 */
export async function openTensorflowAlgebra(options: TensorflowOptions): Promise<LinearAlgebra> {
  // Long sums have the same bits for any number of threads but one.
  const { threads = Math.max(2, cores()) } = options;
  const session = await openTensorflow({ ...options, threads });
  return {
    device: session.device,
    openProducts: () => openProducts(session),
    openKernel: async (kernel) => openKernel(session, kernel),
    close: async () => session.close(),
  };
}
