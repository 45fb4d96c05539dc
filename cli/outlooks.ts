import { resolve } from "node:path";
import { outlookOf } from "../engine/outlook.ts";
import type { StepPlan } from "../engine/plan/plan.ts";
import type { Outlook } from "../engine/step-type.ts";
import type { Program } from "./program.ts";
import type { Project } from "./project.ts";
import type { Outlooks } from "./views/plan-text.ts";

/** Of the steps that will run and whose inputs are there. */
export async function outlooksOf(
  { types }: Program,
  { root, cache }: Project,
  steps: readonly StepPlan[],
): Promise<Outlooks> {
  const made = new Map(
    steps.flatMap((plan) => (plan.state === "cached" ? [[plan.step.id, plan.record] as const] : [])),
  );
  const outlooks = new Map<string, Outlook>();
  for (const plan of steps) {
    if (plan.state !== "run" || plan.key === undefined) continue;
    const inputs = Object.entries(plan.step.inputs).map(([name, source]) => {
      const artifact = source.kind === "output" ? made.get(source.step)?.outputs[source.output] : undefined;
      const path =
        source.kind === "path" ? resolve(root, source.path) : cache.artifacts.path(artifact?.digest ?? "");
      return [name, { path, digest: plan.inputs[name] ?? "" }] as const;
    });
    const type = types.get(plan.step.uses);
    const outlook = await outlookOf({ type, plan, inputs: Object.fromEntries(inputs), cache });
    if (outlook !== undefined) outlooks.set(plan.step.id, outlook);
  }
  return outlooks;
}
