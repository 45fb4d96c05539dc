import type { Json } from "../json.ts";

/** Why a step would run: a closed set, measured against the newest comparable execution. */
export type Reason =
  | { readonly kind: "first-run" }
  | { readonly kind: "version-changed"; readonly old: number; readonly new: number }
  | {
      readonly kind: "param-changed";
      /** Names joined with ".": "optimizer.learningRate". */
      readonly path: string;
      /** Absent where the parameter did not exist. */
      readonly old?: Json;
      readonly new?: Json;
      /** Line in the pipeline file, 1-based; absent where the value is a default or an option. */
      readonly line?: number;
    }
  | {
      readonly kind: "input-changed";
      readonly input: string;
      readonly added: PathSample;
      readonly removed: PathSample;
      readonly changed: PathSample;
    }
  | { readonly kind: "upstream"; readonly step: string }
  | { readonly kind: "result-missing"; readonly what: string }
  | { readonly kind: "forced" };

export interface PathSample {
  readonly count: number;
  /** The first ten, in code-unit order. */
  readonly paths: readonly string[];
}
