import type { Cache } from "../cache/cache.ts";
import type { Event } from "../record/event.ts";
import type { Remote } from "../remote/remote.ts";
import type { StepType } from "../step-type.ts";
import type { SourceStates } from "../survey.ts";

/** What executing needs of the world. */
export interface Services {
  readonly types: ReadonlyMap<string, StepType>;
  readonly cache: Cache;
  now(): Date;
  emit(event: Event): void;
  /** Sources as they were when the run was planned. */
  readonly sources: SourceStates;
  /** Results of others; absent where there are none. */
  readonly remote?: Remote;
  /** Where what the worker of a step prints is kept. */
  logFile(step: string): string;
}

/** What the steps of a run have in common. */
export interface RunIdentity {
  /** Its id. */
  readonly run: string;
  /** Under which name the pipeline's history is kept. */
  readonly history: string;
  /** Project root. */
  readonly root: string;
  /** FLOW_HOME. */
  readonly home: string;
  /** The folder of all runs. */
  readonly runs: string;
}
