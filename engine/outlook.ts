import type { Cache } from "./cache/cache.ts";
import type { KeyRecord } from "./cache/keys.ts";
import { readonlyStore } from "./cache/readonly-store.ts";
import type { KnownInput } from "./known-input.ts";
import type { StepPlan } from "./plan/plan.ts";
import type { EarlierExecution, Outlook, StepType } from "./step-type.ts";

export interface OutlookOptions {
  readonly type: StepType | undefined;
  readonly plan: Pick<StepPlan, "params" | "step">;
  /** Where its inputs lie, and their digests. */
  readonly inputs: Readonly<Record<string, KnownInput>>;
  readonly cache: Cache;
}

/** What there is to do for a step, as its type foresees it. A convenience: where it cannot be had there is none. */
export async function outlookOf({ type, plan, inputs, cache }: OutlookOptions): Promise<Outlook | undefined> {
  try {
    return await type?.outlook?.({
      params: plan.step.params,
      inputs,
      earlier: cache.keys
        .ofType(plan.step.uses)
        .withParams(plan.params)
        .filter((record) => record.version === type.version)
        .map((record) => earlierExecution(record, cache)),
      openStore: (id) => readonlyStore(cache.stores, id),
    });
  } catch {
    // Of what is damaged the step itself tells.
    return undefined;
  }
}

function earlierExecution({ inputs, outputs, metrics }: KeyRecord, { artifacts }: Cache): EarlierExecution {
  const paths = Object.entries(outputs).map(([name, { digest }]) => [name, artifacts.path(digest)]);
  return { inputs, outputs: Object.fromEntries(paths), metrics };
}
