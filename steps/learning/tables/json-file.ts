import { readFile } from "node:fs/promises";
import { StepError } from "../../../engine/step-type.ts";

/**
 * A JSON file in what a step made; `undefined` where it holds no JSON.
 *
 * @param step what makes such a file, with its article: "a train step".
 * @throws StepError where it is not there.
 */
export async function readJsonFile<Value>(
  file: string,
  step: string,
): Promise<Partial<Value> | null | undefined> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
    throw new StepError(`${file} is missing: this is not the output of ${step}`);
  });
  try {
    return JSON.parse(text) as Partial<Value> | null;
  } catch {
    return undefined;
  }
}
