import { type Loaded, loadPipeline } from "../../engine/document/load.ts";
import { stepTypes } from "../../steps/registry.ts";

await stepTypes.get("command")?.prepare?.();

/** A pipeline of the shipped step types, with every file that it names, on a machine with so much memory. */
export function load(text: string, overrides: readonly string[] = [], memory = 4e9): Loaded {
  return loadPipeline({
    file: "p.yaml",
    text,
    types: stepTypes,
    overrides,
    isFile: () => false,
    memory,
    userHome: undefined,
    exists: () => true,
  });
}
