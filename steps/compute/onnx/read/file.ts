import { closeSync, fstatSync, openSync } from "node:fs";
import { type Model, readModel } from "./model.ts";
import { fileSource } from "./wire.ts";

/** Reads a model file, without its weights. @throws StepError as `readModel` does. */
export function readModelFile(file: string): Model {
  const descriptor = openSync(file, "r");
  try {
    return readModel(fileSource(file, descriptor, fstatSync(descriptor).size));
  } finally {
    closeSync(descriptor);
  }
}
