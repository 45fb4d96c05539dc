import type { LinearAlgebra } from "../linear-algebra.ts";
import { openKernel } from "./kernel.ts";
import { openProducts } from "./products.ts";

/** onnxruntime, on the CPU. */
export const onnxAlgebra: LinearAlgebra = {
  device: "cpu",
  openProducts,
  openKernel,
  close: async () => {},
};
