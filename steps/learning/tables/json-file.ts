import { readFileSync } from "node:fs";
import { StepError } from "../../../engine/step-type.ts";

/**
 * A JSON file in what a step made; `undefined` where it holds no JSON.
 *
 * @param step what makes such a file, with its article: "a train step".
 * @throws StepError where it is not there.
 */
export function readJsonFile<Value>(file: string, step: string): Partial<Value> | null | undefined {
  const text = readText(file, step);
  try {
    return JSON.parse(text) as Partial<Value> | null;
  } catch {
    return undefined;
  }
}

function readText(file: string, step: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    throw new StepError(`${file} is missing: this is not the output of ${step}`);
  }
}
