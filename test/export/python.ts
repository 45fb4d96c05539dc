import { execFileSync, spawnSync } from "node:child_process";
import { skipped } from "../runtimes/home.ts";

/** KERAS_PYTHON: a Python with Keras, onnxruntime and the others that exports are read with. */
export const python = process.env.KERAS_PYTHON;

/** Why tests in Python are skipped, as the end of their titles. Empty where they are not. */
export function lackOfPython(...modules: readonly string[]): string {
  if (python === undefined) return skipped("KERAS_PYTHON names no Python");
  const { status, stderr } = spawnSync(python, ["-c", `import ${modules.join(", ")}`], { encoding: "utf8" });
  return status === 0 ? "" : skipped(stderr.trim().split("\n").at(-1) ?? "KERAS_PYTHON does not start");
}

/** What a program of Python prints, in a folder; what libraries say of themselves is left out. */
export function inPython(folder: string, program: string, ...args: readonly string[]): string {
  const env = { ...process.env, CUDA_VISIBLE_DEVICES: "", TF_CPP_MIN_LOG_LEVEL: "3" };
  return execFileSync(python as string, ["-c", program, ...args], { cwd: folder, encoding: "utf8", env });
}
