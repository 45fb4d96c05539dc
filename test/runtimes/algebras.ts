import { afterAll } from "vitest";
import type { LinearAlgebra } from "../../steps/compute/linear-algebra.ts";
import { onnxAlgebra } from "../../steps/compute/onnx/linear-algebra.ts";
import { openTensorflowAlgebra } from "../../steps/compute/tensorflow/linear-algebra.ts";
import { lackOf, librariesOf } from "./home.ts";

/** What multiplies, as tests ask for it. */
export interface AlgebraSubject {
  /** As pipelines call it; says why it is skipped. */
  readonly runtime: string;
  readonly lack: string;
  /** One for all tests of a file, closed after them. */
  open(): Promise<LinearAlgebra>;
}

let tensorflow: Promise<LinearAlgebra> | undefined;

export const algebras: readonly AlgebraSubject[] = [
  { runtime: "onnxruntime", lack: "", open: async () => onnxAlgebra },
  {
    runtime: `tensorflow${lackOf("tensorflow")}`,
    lack: lackOf("tensorflow"),
    open() {
      tensorflow ??= openTensorflowAlgebra({
        libraries: librariesOf("tensorflow") ?? "",
        device: "cpu",
        threads: 2,
      });
      return tensorflow;
    },
  },
];

afterAll(async () => {
  await (await tensorflow)?.close();
});
