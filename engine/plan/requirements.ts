import type { JsonObject } from "../json.ts";
import type { Requirement, StepType } from "../step-type.ts";

/** Of a step, or of the task that it becomes. */
export function requirementsOf(
  { params, inputs }: { readonly params: JsonObject; readonly inputs: Readonly<Record<string, unknown>> },
  type: StepType | undefined,
): readonly Requirement[] {
  return type?.requires?.(params, new Set(Object.keys(inputs))) ?? [];
}

/** What affects a result beside the parameters: the versions of runtimes that are not flow's own. */
export function runtimeVersions(requirements: readonly Requirement[]): JsonObject {
  const runtimes = requirements.filter((requirement) => requirement.kind === "runtime");
  if (runtimes.length === 0) return {};
  return { runtimeVersions: Object.fromEntries(runtimes.map(({ name, version }) => [name, version])) };
}
