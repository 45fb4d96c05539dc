import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { KeyRecord } from "../cache/keys.ts";
import type { Step } from "../document/pipeline.ts";

/** Where the files of an input lie that is no output: the folder itself, or that of the file. `undefined` where it is none, or not there. */
export function folderOfInput(
  { inputs }: Pick<Step, "inputs">,
  name: string,
  root: string,
): string | undefined {
  const source = inputs[name];
  if (source?.kind !== "path") return undefined;
  const path = resolve(root, source.path);
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && (stat.isDirectory() ? path : dirname(path));
}

/** Which input it is whose files the outputs of a step only name. */
export function originInputOf(
  step: Pick<Step, "inputs">,
  { origin }: Pick<KeyRecord, "origin">,
  root: string,
): { readonly originInput?: string } {
  if (origin?.kind !== "folder") return {};
  const name = Object.keys(step.inputs).find((one) => folderOfInput(step, one, root) === origin.path);
  return name === undefined ? {} : { originInput: name };
}
