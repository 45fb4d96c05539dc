import type { Failure } from "../failure.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Reason } from "../plan/reason.ts";
import type { Outlook, Progress } from "../step-type.ts";

export type StepOutcome = "ran" | "cached" | "failed" | "skipped" | "interrupted" | "not-run";
export type RunOutcome = "ok" | "failed" | "interrupted";

export interface OutputRecord {
  readonly digest: string;
  readonly bytes: number;
  readonly notes: readonly string[];
}

/** Where a cluster has put a task. */
export interface Placement {
  /** Numbers of its jobs, those that were lost among them. */
  readonly jobs: readonly string[];
  readonly nodes: readonly string[];
  /** From the submission until it began. */
  readonly queuedSeconds: number;
}

/** A step of a run that starts. */
export interface StartedStep {
  readonly id: string;
  readonly uses: string;
  readonly params: JsonObject;
  /** Paths of the inputs that are no outputs, relative to the project root; absent in records of an older flow. */
  readonly sources?: Readonly<Record<string, string>>;
}

/** One thing that happened in a run. The engine emits these and prints nothing; every view is a fold over them. */
export type Event =
  | {
      readonly kind: "run-started";
      readonly at: string;
      readonly run: string;
      readonly pipeline: string;
      /** Of the pipeline; absent in records of an older flow. */
      readonly file?: string;
      readonly params: JsonObject;
      readonly host: string;
      readonly pid: number;
      /** The process beyond its number: see `process-identity.ts`. */
      readonly process?: string;
      readonly environment: Readonly<Record<string, string>>;
      /** With their parameters as they are written, with defaults. */
      readonly steps: readonly StartedStep[];
    }
  | { readonly kind: "step-waiting"; readonly at: string; readonly step: string; readonly owner: string }
  | {
      readonly kind: "step-started";
      readonly at: string;
      readonly step: string;
      readonly key: string;
      /** Resolved; absent in records of an older flow. */
      readonly params?: JsonObject;
      /** Digest of every input. */
      readonly inputs: Readonly<Record<string, string>>;
      readonly reasons: readonly Reason[];
      /** How much there is to do, where the step type can say. */
      readonly outlook?: Outlook;
    }
  | {
      readonly kind: "step-progress";
      readonly at: string;
      readonly step: string;
      readonly progress: Progress;
    }
  | {
      readonly kind: "step-finished";
      readonly at: string;
      readonly step: string;
      readonly outcome: StepOutcome;
      /** Of this run: 0 for a step that did not run. */
      readonly seconds: number;
      readonly metrics: Readonly<Record<string, Json>>;
      readonly outputs: Readonly<Record<string, OutputRecord>>;
      readonly peakMemory?: number;
      readonly failure?: Failure;
      /** What placed it, where something ran; absent in records of an older flow. */
      readonly executor?: string;
      /** Where a cluster has put it. */
      readonly placement?: Placement;
      /** What this run did of a step whose work is divided. Of a cached one: others made the outputs. */
      readonly worked?: { readonly items: number; readonly seconds: number };
      /** Of a cached step: where it was fetched from, where it was not here. */
      readonly remote?: string;
      /** Of a cached step: its key, its parameters and inputs, and the run that made the result. */
      readonly cached?: {
        readonly key: string;
        /** Resolved; absent in records of an older flow. */
        readonly params?: JsonObject;
        readonly inputs: Readonly<Record<string, string>>;
        readonly run: string;
      };
    }
  | {
      readonly kind: "run-finished";
      readonly at: string;
      readonly outcome: RunOutcome;
      readonly seconds: number;
    };
