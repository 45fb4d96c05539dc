import type { Step } from "../document/pipeline.ts";
import type { JsonObject } from "../json.ts";
import type { Requirement, StepType } from "../step-type.ts";

export function requirementsOf(step: Step, type: StepType | undefined): readonly Requirement[] {
  return type?.requires?.(step.params, new Set(Object.keys(step.inputs))) ?? [];
}

/** What affects a result beside the parameters: the versions of runtimes that are not flow's own. */
export function runtimeVersions(requirements: readonly Requirement[]): JsonObject {
  const runtimes = requirements.filter((requirement) => requirement.kind === "runtime");
  if (runtimes.length === 0) return {};
  return { runtimeVersions: Object.fromEntries(runtimes.map(({ name, version }) => [name, version])) };
}
