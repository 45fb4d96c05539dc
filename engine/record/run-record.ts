import type { Failure } from "../failure.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Reason } from "../plan/reason.ts";
import type { Event, OutputRecord, RunOutcome, StartedStep, StepOutcome } from "./event.ts";

/** `run.json`: what a run did, readable without the program. */
export interface RunRecord {
  /** Of the record: 1. */
  readonly format?: number;
  readonly id: string;
  readonly pipeline: string;
  /** Of the pipeline; absent in records of an older flow. */
  readonly file?: string;
  /** `running` with a process that is gone means the run crashed. */
  readonly outcome: RunOutcome | "running";
  readonly started: string;
  readonly seconds: number;
  readonly host: string;
  readonly pid: number;
  /** The process beyond its number, as `toWord` writes it; absent in records of an older flow. */
  readonly process?: string;
  readonly params: JsonObject;
  readonly environment: Readonly<Record<string, string>>;
  readonly steps: Readonly<Record<string, StepRecord>>;
}

export interface StepRecord {
  readonly uses: string;
  readonly outcome: StepOutcome | "running";
  readonly reasons: readonly Reason[];
  readonly key?: string;
  /** With defaults; resolved, where the step came so far. */
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, string>>;
  /** Of inputs that are no outputs: their paths as resolved, relative to the project root. Absent in records of an older flow. */
  readonly sources?: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, OutputRecord>>;
  readonly seconds: number;
  readonly attempts: number;
  /** Bytes, of the worker process. */
  readonly peakMemory?: number;
  /** Of a cached step: those of the execution that made the result, which was part of the run `from`. */
  readonly metrics: Readonly<Record<string, Json>>;
  readonly from?: string;
  /** Of a cached step: where it was fetched from, where it was not here. */
  readonly remote?: string;
  readonly failure?: Failure;
  /** What placed it: local, slurm. */
  readonly executor?: string;
  /** Of a step on a cluster: see `Placement`. */
  readonly jobs?: readonly string[];
  readonly nodes?: readonly string[];
  readonly queuedSeconds?: number;
  /** What this run did of a step whose work is divided: see `Division`. Of a cached one: others made the outputs. */
  readonly worked?: { readonly items: number; readonly seconds: number };
}

/** Makes the record of a run from its events. */
export interface RecordFold {
  add(event: Event): void;
  /** As it stands; `undefined` before the run started. */
  record(): RunRecord | undefined;
}

export function foldRun(): RecordFold {
  let run: Omit<RunRecord, "steps"> | undefined;
  // Changed in place: a copy for every event would make long runs slow.
  const steps = new Map<string, StepRecord>();
  const change = (id: string, changes: Partial<StepRecord>): void => {
    const step = steps.get(id);
    if (step === undefined) throw new Error(`the run has no step ${id}`);
    steps.set(id, { ...step, ...changes });
  };
  return {
    record: () => run && { ...run, steps: Object.fromEntries(steps) },
    add(event) {
      switch (event.kind) {
        case "run-started":
          run = newRun(event);
          for (const step of event.steps) steps.set(step.id, newStep(step));
          return;
        case "step-started": {
          const { key, params, inputs, reasons } = event;
          const started = { outcome: "running", key, inputs, reasons, attempts: 1 } as const;
          return change(event.step, { ...started, ...(params === undefined ? {} : { params }) });
        }
        case "step-finished": {
          const { outcome, seconds, metrics, outputs, peakMemory, failure, cached, executor } = event;
          const { placement, worked, remote } = event;
          return change(event.step, {
            outcome,
            seconds,
            metrics,
            outputs,
            ...(peakMemory === undefined ? {} : { peakMemory }),
            ...(failure === undefined ? {} : { failure }),
            ...(executor === undefined ? {} : { executor }),
            ...placement,
            ...(worked === undefined ? {} : { worked }),
            ...(remote === undefined ? {} : { remote }),
            ...(cached === undefined ? {} : { key: cached.key, inputs: cached.inputs, from: cached.run }),
            ...(cached?.params === undefined ? {} : { params: cached.params }),
          });
        }
        case "run-finished":
          if (run) run = { ...run, outcome: event.outcome, seconds: event.seconds };
          return;
        case "step-waiting":
        case "step-progress":
          return;
        default:
          event satisfies never;
      }
    },
  };
}

function newRun(event: Event & { kind: "run-started" }): Omit<RunRecord, "steps"> {
  const { run, pipeline, file, at, host, pid, params, environment } = event;
  const identity = event.process === undefined ? {} : { process: event.process };
  return {
    format: 1,
    id: run,
    pipeline,
    ...(file === undefined ? {} : { file }),
    outcome: "running",
    started: at,
    seconds: 0,
    host,
    pid,
    ...identity,
    params,
    environment,
  };
}

function newStep({ uses, params, sources }: StartedStep): StepRecord {
  return {
    uses,
    outcome: "not-run",
    reasons: [],
    params,
    inputs: {},
    ...(sources === undefined ? {} : { sources }),
    outputs: {},
    seconds: 0,
    attempts: 0,
    metrics: {},
  };
}
