import type { InputSpec, StepType } from "../step-type.ts";

/** The declaration of a step type's input; `undefined` where its names are the user's own. */
export function specOf(type: StepType, input: string): InputSpec | undefined {
  return type.inputs === "any" || !Object.hasOwn(type.inputs, input) ? undefined : type.inputs[input];
}

/**
 * Names a source for planning: its path as written, and where a step type reads
 * only some of its files also who does.
 */
export function sourceName(type: StepType, input: string, path: string): string {
  return specOf(type, input)?.reads === undefined ? path : `${path} (${type.name}.${input})`;
}
