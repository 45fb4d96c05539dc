import type { Json, JsonObject } from "../json.ts";
import type { Reason } from "../plan/reason.ts";
import type { Event, OutputRecord, RunOutcome, StepFailure, StepOutcome } from "./event.ts";

/** `run.json`: what a run did, readable without the program. */
export interface RunRecord {
  readonly id: string;
  readonly pipeline: string;
  /** `running` with a process that is gone means the run crashed. */
  readonly outcome: RunOutcome | "running";
  readonly started: string;
  readonly seconds: number;
  readonly host: string;
  readonly pid: number;
  readonly params: JsonObject;
  readonly environment: Readonly<Record<string, string>>;
  readonly steps: Readonly<Record<string, StepRecord>>;
}

export interface StepRecord {
  readonly uses: string;
  readonly outcome: StepOutcome | "running";
  readonly reasons: readonly Reason[];
  readonly key?: string;
  /** With defaults. */
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, OutputRecord>>;
  readonly seconds: number;
  readonly attempts: number;
  /** Bytes, of the worker process. */
  readonly peakMemory?: number;
  /** Of a cached step: those of the execution that made the result, which was part of the run `from`. */
  readonly metrics: Readonly<Record<string, Json>>;
  readonly from?: string;
  readonly failure?: StepFailure;
}

/** The record as it stands after one more event. */
export function foldRecord(record: RunRecord | undefined, event: Event): RunRecord {
  if (event.kind === "run-started") return newRecord(event);
  if (record === undefined) throw new Error(`${event.kind} before the run started`);
  switch (event.kind) {
    case "step-started": {
      const { key, inputs, reasons } = event;
      return withStep(record, event.step, { outcome: "running", key, inputs, reasons, attempts: 1 });
    }
    case "step-finished": {
      const { outcome, seconds, metrics, outputs, peakMemory, failure, cached } = event;
      return withStep(record, event.step, {
        outcome,
        seconds,
        metrics,
        outputs,
        ...(peakMemory === undefined ? {} : { peakMemory }),
        ...(failure === undefined ? {} : { failure }),
        ...(cached === undefined ? {} : { key: cached.key, inputs: cached.inputs, from: cached.run }),
      });
    }
    case "run-finished":
      return { ...record, outcome: event.outcome, seconds: event.seconds };
    case "step-waiting":
    case "step-progress":
    case "step-log":
      return record;
    default:
      return event satisfies never;
  }
}

function newRecord(event: Event & { kind: "run-started" }): RunRecord {
  const { run, pipeline, at, host, pid, params, environment } = event;
  const steps = event.steps.map((step): [string, StepRecord] => [
    step.id,
    {
      uses: step.uses,
      outcome: "not-run",
      reasons: [],
      params: step.params,
      inputs: {},
      outputs: {},
      seconds: 0,
      attempts: 0,
      metrics: {},
    },
  ]);
  return {
    id: run,
    pipeline,
    outcome: "running",
    started: at,
    seconds: 0,
    host,
    pid,
    params,
    environment,
    steps: Object.fromEntries(steps),
  };
}

function withStep(record: RunRecord, id: string, change: Partial<StepRecord>): RunRecord {
  const step = record.steps[id];
  if (step === undefined) throw new Error(`the run has no step ${id}`);
  return { ...record, steps: { ...record.steps, [id]: { ...step, ...change } } };
}
