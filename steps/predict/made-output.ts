import type { PredictorRequest } from "../../engine/machine.ts";
import type { OutputRecord } from "../../engine/record/event.ts";
import { type FoundRun, findStep } from "../../engine/record/find-run.ts";
import type { StepRecord } from "../../engine/record/run-record.ts";
import { StepError } from "../../engine/step-type.ts";
import { extract } from "../extract/index.ts";
import { again } from "./named-inputs.ts";

/** What a step of a run has made. */
interface MadeOutput {
  readonly step: string;
  readonly record: StepRecord;
  readonly output: OutputRecord;
}

/**
 * An output of the only step of a type, or of the one that is named.
 *
 * @throws StepError where it was not made, or is in the cache no more.
 */
export function madeOutput(
  { run, cache, step: named }: Pick<PredictorRequest, "run" | "cache" | "step">,
  type: string,
  name: string,
): MadeOutput {
  const found = findStep(run, type, named);
  if (typeof found === "string") throw new StepError(found);
  const { step } = found;
  const record = run.record.steps[step] as StepRecord;
  const output = record.outputs[name];
  if (output === undefined) throw new StepError(`${step} of ${run.id} has made no ${name}`);
  if (!cache.artifacts.complete(output.digest)) {
    throw new StepError(
      `the ${name} of ${step} ${name.endsWith("s") ? "are" : "is"} not in the cache any more; ${again(run)}`,
    );
  }
  return { step, record, output };
}

/**
 * The extraction that made what a model was trained on.
 *
 * @param step trained the model, and `record` is its record.
 * @throws StepError where the run has none.
 */
export function extractionOf({ id, record }: FoundRun, step: string, { inputs }: StepRecord): StepRecord {
  const extraction = Object.values(record.steps).find(
    ({ uses, outputs }) => uses === extract.name && outputs.features?.digest === inputs.features,
  );
  if (extraction !== undefined) return extraction;
  throw new StepError(
    `no ${extract.name} step of ${id} made the features that ${step} was trained on: how a picture becomes a row is not known`,
  );
}
