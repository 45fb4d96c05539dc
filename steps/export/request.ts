import type { StepInput } from "../../engine/step-type.ts";
import type { ReadonlyStore } from "../../engine/store.ts";
import type { FormatName } from "./format-names.ts";
import type { GivenExtractor } from "./program.ts";

/** A run that an export was made of. */
export interface Made {
  readonly run: string;
  /** The pipeline file; absent where it was none. */
  readonly pipeline?: string;
}

/** All it takes to write an export: of a step, or of a run that is over. */
export interface ExportRequest {
  readonly format: FormatName;
  readonly include: "head" | "all";
  readonly model?: ExportInput;
  readonly features?: ExportInput;
  readonly report?: ExportInput;
  /** Files that the features were extracted with. */
  readonly extractor: GivenExtractor;
  /** Empty; it is filled. */
  readonly folder: string;
  /** FLOW_HOME. */
  readonly home: string;
  /** Where it came from, for people; absent in a step, whose outputs are the same wherever it runs. */
  readonly made?: Made;
  openStore(id: string): ReadonlyStore;
  readonly signal: AbortSignal;
  /** Rows that are written, and how many there are. */
  progress(done: number, total: number): void;
  log(line: string): void;
}

export type ExportInput = Pick<StepInput, "path" | "digest" | "notes" | "files">;
